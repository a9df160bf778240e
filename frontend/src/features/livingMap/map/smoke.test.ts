import { describe, expect, test } from "vitest";
import { REGISTRY } from "../../../../tests/types.ts";
import type { Item } from "../client/scene.ts";
import type { Figure } from "../domain/figure.ts";
import { network, sceneOf } from "../domain/testing.ts";
import { Layout } from "./layout.ts";
import { puffsOf, Smoke, toneOfAge } from "./smoke.ts";

const ALL: ReadonlySet<Figure> = new Set(REGISTRY.figures);
const NOW = Date.parse("2026-11-29T12:00:00Z");
const HOUR = 3_600_000;

function burning(failing: readonly number[]): { layout: Layout; smoke: Smoke; parts: Record<string, Item[]> } {
  const parts = network({ microdaos: 30, agents: 300, nodes: 120, daos: 2 });
  for (const at of failing) {
    const nodes = parts["nodes.items"] as Item[];
    nodes[at] = { ...(nodes[at] as Item), status: "error" };
  }
  const layout = new Layout(REGISTRY);
  const smoke = new Smoke(layout);
  smoke.settle(layout.settle(sceneOf(parts)), REGISTRY);
  return { layout, smoke, parts };
}

describe("smoke", () => {
  test("rises from afar over the quarters in which something fails, the higher the more", () => {
    const { layout, smoke } = burning([3, 33, 63, 4]);
    const home = (at: number) => layout.shapes.get(`node:${at}`)?.home;
    const plumes = smoke.plumes(ALL, 0.1, new Map());
    expect(plumes.map(({ key, count }) => [key, count])).toEqual([
      [home(3), 3],
      [home(4), 1],
    ]);
    const [high, low] = plumes.map(puffsOf);
    expect(high).toBeGreaterThan(low as number);
    expect(plumes[0]).toMatchObject({ x: layout.shapes.get(home(3) as string)?.x });
  });

  test("rises from near over each thing that fails", () => {
    const { layout, smoke } = burning([3, 33]);
    const plumes = smoke.plumes(ALL, 2, new Map());
    expect(plumes.map(({ key }) => key)).toEqual(["node:3", "node:33"]);
    expect(plumes[0]).toMatchObject({ x: layout.shapes.get("node:3")?.x, y: layout.shapes.get("node:3")?.y });
  });

  test("has the colour of its age, and of the last that failed", () => {
    const { smoke } = burning([3, 33]);
    const since = new Map([
      ["node:3", NOW - 50 * HOUR],
      ["node:33", NOW - 2 * HOUR],
    ]);
    const tones = (zoom: number) => smoke.plumes(ALL, zoom, since).map((plume) => toneOfAge(plume, NOW));
    expect(tones(2)).toEqual(["off", "warn"]);
    expect(tones(0.1)).toEqual(["warn"]);
    expect(smoke.plumes(ALL, 0.1, new Map()).map((plume) => toneOfAge(plume, NOW))).toEqual(["bad"]);
  });

  test("goes out with what failed, and with the layer that has it", () => {
    const { layout, smoke, parts } = burning([3]);
    expect(smoke.plumes(new Set([...ALL].filter(({ type }) => type !== "node")), 0.1, new Map())).toEqual([]);
    const nodes = parts["nodes.items"] as Item[];
    nodes[3] = { ...(nodes[3] as Item), status: "online" };
    expect(smoke.settle(layout.settle(sceneOf(parts)), REGISTRY)).toBe(true);
    expect(smoke.plumes(ALL, 0.1, new Map())).toEqual([]);
  });

  test("does not rise from what was not there yet at the moment that is shown", () => {
    const { smoke } = burning([3, 33]);
    smoke.haunt(new Map([["node:3", { kind: "absent" as const }]]));
    expect(smoke.plumes(ALL, 2, new Map()).map(({ key }) => key)).toEqual(["node:33"]);
  });
});
