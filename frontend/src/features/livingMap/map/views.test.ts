import { describe, expect, test } from "vitest";
import { REGISTRY } from "../../../../tests/types.ts";
import type { Figure } from "../domain/figure.ts";
import { network, sceneOf } from "../domain/testing.ts";
import { seen, toScreen } from "./camera.ts";
import { hasGround } from "./homes.ts";
import { namedAt, withQuarters } from "./labels.ts";
import { Layout } from "./layout.ts";
import { cell, SPACING } from "./terrain.ts";
import { closeView, wholeView } from "./views.ts";

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

describe("a screen of which a part is covered", () => {
  const layout = new Layout(REGISTRY);
  layout.settle(sceneOf(network({ microdaos: 30, agents: 300, nodes: 40, daos: 9 })));
  const free = { left: 0, top: 220, right: 800, bottom: 580 };
  const size = { ...SIZE, free };

  test("shows everything in what is free", () => {
    const view = wholeView(layout, ALL, size);
    const places = [...layout.shapes.values()].map((one) => toScreen(view, size, one));
    expect(places.filter(({ y }) => y < free.top || y > free.bottom)).toEqual([]);
  });

  test("has one thing in the middle of that", () => {
    const view = closeView(layout, ALL, "agent:7", { x: 0, y: 0, zoom: 1 }, size);
    const shape = layout.all("agent:7").find(({ figure }) => ALL.has(figure));
    expect(view && shape && toScreen(view, size, shape)).toEqual({ x: 400, y: 400 });
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
