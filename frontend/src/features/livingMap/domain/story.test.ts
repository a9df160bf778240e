import { expect, test } from "vitest";
import { type StoryStep, sidesOf, toneOfStep } from "./story.ts";

const STEP: StoryStep = {
  at: "2026-11-29T02:10:00.250Z",
  until: null,
  kind: "trouble",
  entity_ids: ["node:hazel-15"],
  severity: "critical",
  text: "Hazel-15: error",
};

test.each([
  ["2026-11-29T02:10:00.250Z", "2026-11-29T02:10:00.000Z", "2026-11-29T02:10:01.000Z"],
  ["2026-11-29T02:10:00Z", "2026-11-29T02:09:59.000Z", "2026-11-29T02:10:01.000Z"],
])("a step at %s shows its place before and after", (at, before, after) => {
  const sides = sidesOf({ ...STEP, at }, 0);
  expect([sides.before, sides.after].map((one) => new Date(one).toISOString())).toEqual([before, after]);
});

test("nothing is shown of before the story begins", () => {
  const begin = Date.parse("2026-11-29T02:10:00.250Z");
  expect(sidesOf(STEP, begin)).toEqual({ before: begin, after: Date.parse("2026-11-29T02:10:01Z") });
});

test("a step is marked by how bad it was", () => {
  expect(toneOfStep(STEP)).toBe("bad");
  expect(toneOfStep({ ...STEP, severity: "warning" })).toBe("warn");
  expect(toneOfStep({ ...STEP, kind: "came", severity: null })).toBeNull();
});
