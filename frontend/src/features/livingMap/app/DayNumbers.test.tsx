// @vitest-environment happy-dom
import { cleanup, render, screen } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";
import { REGISTRY } from "../../../../tests/types.ts";
import type { Item } from "../client/scene.ts";
import { item } from "../domain/testing.ts";
import { DayNumbers } from "./DayNumbers.tsx";

const DAY = { from: Date.parse("2026-11-29T00:00:00Z"), to: Date.parse("2026-11-30T00:00:00Z") };
const LATER = DAY.to + 3_600_000;
/** The last quarter of an hour of the day. */
const LAST = { time: "2026-11-29T23:45:00Z", min: 0.2, mean: 0.4, max: 0.9 };
const NODE = item("node:a", { metrics: { cpu: 0.1 } });

const asked = vi.hoisted(() => ({ paths: [] as (string | null)[] }));

vi.mock("./asked.ts", () => ({
  useAsked: (path: string | null) => {
    asked.paths.push(path);
    return { answer: path && { points: [LAST], gaps: [] }, error: null };
  },
}));
vi.mock("./Chart.tsx", () => ({ Chart: () => <figure /> }));
afterEach(cleanup);

function shown(last: Item | null | undefined, now = LATER): string {
  const { container } = render(
    <DayNumbers item={NODE} last={last} kind={REGISTRY.kindOf("node")} {...DAY} now={now} />,
  );
  return container.textContent ?? "";
}

test("the number of a day is what it was in the end, not the mean of its last quarter of an hour", () => {
  expect(shown(item("node:a", { metrics: { cpu: 0.9 } }))).toBe("Numbers at the end of the dayCPU90%");
});

test("of today it is what it is now", () => {
  shown(item("node:a", { metrics: { cpu: 0.9 } }), DAY.to - 3_600_000);
  screen.getByRole("heading", { name: "Numbers now" });
});

test("where that is not known a mean is called one", () => {
  expect(shown(null)).toContain("CPUnot recordedbefore that 40%, the mean of 15 min");
});

test("until it is known nothing is said of it", () => {
  expect(shown(undefined)).toBe("Numbers at the end of the dayCPU");
});

test("in the first minute of a day there is nothing to ask for", () => {
  asked.paths.length = 0;
  shown(item("node:a", { metrics: { cpu: 0.9 } }), DAY.from + 59_000);
  shown(item("node:a", { metrics: { cpu: 0.9 } }), DAY.from + 60_000);
  expect(asked.paths).toEqual([null, "living-map/series"]);
});
