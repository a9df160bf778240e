import { expect, test } from "vitest";
import SHARED from "../../../../tests/troubles.json" with { type: "json" };
import type { Json } from "../client/scene.ts";
import { undeclared } from "./kind.ts";
import { problemsOf } from "./problems.ts";
import { Registry } from "./registry.ts";
import { item, sceneOf } from "./testing.ts";
import type { Tone } from "./tones.ts";

type Case = {
  type: string;
  fields: Record<string, Json>;
  troubles: [kind: string, severity: string, text: string][];
};

const PLACE = ["things", "items"] as const;
const TYPES = Object.entries(SHARED.types).map(([name, { status, statuses }]) => ({
  ...undeclared(name, [PLACE]),
  declared: true,
  trouble: [],
  status,
  statuses: Object.fromEntries(
    Object.entries(statuses).map(([word, tone]) => [word, { tone: tone as Tone, label: word }]),
  ),
}));
const REGISTRY = new Registry({ types: TYPES, layers: [] }, new Map([["station", [PLACE]]]));

test.each(SHARED.cases as Case[])("the problems of %j are the troubles that the server counts", (one) => {
  const scene = sceneOf({ "things.items": [item(`${one.type}:1`, one.fields)] });
  const problems = problemsOf(scene, [], REGISTRY).map(({ tone, what }) => [
    what.kind,
    tone === "bad" ? "critical" : "warning",
    what.text,
  ]);
  expect(problems.sort()).toEqual([...one.troubles].sort());
});
