import { expect, test } from "vitest";
import { REGISTRY } from "../../../../tests/types.ts";
import { languageOf } from "../i18n/i18n.tsx";
import { catalogue } from "./catalogue.ts";
import { glanceText, soonestFirst } from "./glance.ts";
import { item, sceneOf } from "./testing.ts";

const NOW = Date.parse("2026-06-05T12:00:00Z");
const SCENE = sceneOf({
  "dao.proposals": [
    item("proposal:a", { title: "Over", end_at: "2026-06-01T00:00:00Z" }),
    item("proposal:b", { title: "Later", end_at: "2026-06-09T00:00:00Z" }),
    item("proposal:c", { title: "A draft", end_at: null }),
    item("proposal:d", { title: "Soon", end_at: "2026-06-06T00:00:00Z", turnout_percent: 31, quorum_percent: 50 }),
  ],
});
const PROPOSALS = catalogue(SCENE, REGISTRY);

test("what ends next comes first, and what is over stays where it was", () => {
  const labels = soonestFirst(PROPOSALS, REGISTRY.kindOf("proposal"), NOW).map(({ label }) => label);
  expect(labels).toEqual(["Soon", "Later", "Over", "A draft"]);
});

test("things whose kind has no time stay in their order", () => {
  expect(soonestFirst(PROPOSALS, REGISTRY.kindOf("treasury"), NOW)).toBe(PROPOSALS);
});

test("a vote says at a glance when it ends and how it stands against the quorum", () => {
  const [, , , soon] = PROPOSALS;
  const text = soon && glanceText(soon, SCENE, REGISTRY, languageOf("en"));
  expect(text).toMatch(/^voting ends Jun \d, 2026, .* · turnout 31% · quorum 50%$/);
});
