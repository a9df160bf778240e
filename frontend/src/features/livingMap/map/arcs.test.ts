import { describe, expect, test } from "vitest";
import { REGISTRY } from "../../../../tests/types.ts";
import type { Shape } from "../domain/figure.ts";
import { item, sceneOf } from "../domain/testing.ts";
import { related } from "./arcs.ts";
import { Layout } from "./layout.ts";
import { nextStop } from "./tour.ts";

const layout = new Layout(REGISTRY);
layout.settle(
  sceneOf({
    "city.items": [item("microdao:a", { orchestrator_id: "agent:one" }), item("microdao:b")],
    "city.rooms": [item("city:square")],
    "agents.items": [
      item("agent:one", { microdao_id: "microdao:a", node_id: "node:x", room_id: "city:square" }),
      item("agent:two", { microdao_id: "microdao:a", node_id: "node:gone" }),
    ],
    "nodes.items": [item("node:x", { microdao_id: "microdao:a" })],
    "space.planets": [item("dao:d", { microdao_id: "microdao:a", orbits: ["node:x"] })],
    "dao.proposals": [item("proposal:p", { dao_id: "dao:d" })],
    "messaging.channels": [item("channel:c", { microdao_id: "microdao:a" })],
  }),
);

const of = (key: string) =>
  related(layout.shapes.get(key) as Shape, layout.shapes, REGISTRY)
    .map((one) => one.key)
    .sort();

describe("relations", () => {
  test.each([
    ["agent:one", ["city:square", "microdao:a", "node:x"]],
    ["agent:two", ["microdao:a"]],
    ["microdao:a", ["agent:one", "channel:c", "dao:d", "node:x"]],
    ["microdao:b", []],
    ["node:x", ["agent:one", "dao:d", "microdao:a", "orbit/node:x"]],
    ["orbit/node:x", ["agent:one", "dao:d", "microdao:a", "node:x"]],
    ["dao:d", ["microdao:a", "node:x"]],
    ["proposal:p", ["dao:d"]],
    ["city:square", ["agent:one"]],
  ])("of %s are %o", (key, others) => {
    expect(of(key)).toEqual(others);
  });
});

test("the tour with Tab visits everything once, and leaves at either end", () => {
  const shapes = [...layout.shapes.values()];
  const visited: string[] = [];
  for (let at = nextStop(shapes, null, false); at; at = nextStop(shapes, at, false)) {
    visited.push(at.key);
  }
  expect(new Set(visited)).toEqual(new Set(layout.shapes.keys()));
  expect(visited).toHaveLength(shapes.length);
  expect(visited[0]).toMatch(/^microdao:/);
  expect(nextStop(shapes, nextStop(shapes, null, false), true)).toBeNull();
  expect(nextStop([], null, false)).toBeNull();
});
