import { describe, expect, test } from "vitest";
import { REGISTRY } from "../../../../tests/types.ts";
import type { Figure } from "../domain/figure.ts";
import { network, sceneOf } from "../domain/testing.ts";
import { seen } from "./camera.ts";
import { hasGround } from "./homes.ts";
import { namedAt, withQuarters } from "./labels.ts";
import { Layout } from "./layout.ts";
import { cell, SPACING } from "./terrain.ts";
import { wholeView } from "./views.ts";

const ALL: ReadonlySet<Figure> = new Set(REGISTRY.figures);
const SIZE = { width: 800, height: 600 };

describe("the view of everything", () => {
  test("cuts off no ground and nothing that stands", () => {
    const layout = new Layout(REGISTRY);
    layout.settle(sceneOf(network({ microdaos: 30, agents: 300, nodes: 40, daos: 9 })));
    const sight = seen(wholeView(layout, ALL, SIZE), SIZE);
    const all = [...layout.shapes.values(), ...[...layout.city.owners.keys()].map((key) => cell(key).site)];
    const outside = all.filter(
      ({ x, y }) => x < sight.left || x > sight.right || y < sight.top || y > sight.bottom,
    );
    expect(outside).toEqual([]);
  });
});

describe("a hidden city", () => {
  const shown = REGISTRY.figuresOf(new Set(["agents", "nodes"]));

  test("does not count when all that is shown is to be seen", () => {
    const layout = new Layout(REGISTRY);
    layout.settle(sceneOf(network({ microdaos: 30, agents: 3, nodes: 4, daos: 0 })));
    const xs = [...layout.shapes.values()].filter(({ figure }) => shown.has(figure)).map(({ x }) => x);
    const { left, right } = layout.bounds(shown) ?? { left: 0, right: 0 };
    expect(left).toBeGreaterThan(Math.min(...xs) - SPACING);
    expect(right).toBeLessThan(Math.max(...xs) + SPACING);
  });

  test("has no ground, and keeps its names", () => {
    expect(hasGround(ALL, REGISTRY)).toBe(true);
    expect(hasGround(shown, REGISTRY)).toBe(false);
    const names = [...namedAt(0.1, withQuarters(shown, REGISTRY))].map(({ name }) => name);
    expect(names).toContain("microdao");
  });
});
