import { expect, test } from "vitest";
import { REGISTRY } from "../../../../tests/types.ts";
import { item, sceneOf } from "../domain/testing.ts";
import type { Size, View } from "./camera.ts";
import { Layout } from "./layout.ts";
import { nearIn } from "./near.ts";

const SIZE: Size = { width: 1200, height: 800 };

function shapes() {
  const layout = new Layout(REGISTRY);
  const home = { microdao_id: "microdao:oak" };
  const node = (name: string, status: string) => item(`node:${name}`, { ...home, status, metrics: { cpu: 0.5 } });
  layout.settle(
    sceneOf({
      "city.items": [item("microdao:oak", { created_at: "2025-01-01T00:00:00Z" })],
      "nodes.items": [node("one", "online"), node("two", "offline"), node("three", "online")],
      "agents.items": [item("agent:sofia", home)],
    }),
  );
  return [...layout.shapes.values()];
}

function lookingAt(id: string, zoom: number): View {
  const shape = shapes().find((one) => one.id === id);
  return { x: shape?.x ?? 0, y: shape?.y ?? 0, zoom };
}

test("from near things with numbers get a chart, those in trouble before all others", () => {
  const near = nearIn(shapes(), lookingAt("node:one", 4), SIZE, REGISTRY).map(({ id }) => id);
  expect(near[0]).toBe("node:two");
  expect(near).not.toContain("agent:sofia");
});

test("from afar there is no room for charts", () => {
  expect(nearIn(shapes(), lookingAt("node:one", 1), SIZE, REGISTRY)).toEqual([]);
});

test("no chart is over another or beyond the edge", () => {
  const near = nearIn(shapes(), lookingAt("node:one", 8), { width: 200, height: 400 }, REGISTRY);
  expect(near.map(({ id }) => id)).toEqual(["node:one"]);
});
