import { describe, expect, test } from "vitest";
import { REGISTRY } from "../../../../tests/types.ts";
import type { Item } from "../client/scene.ts";
import type { Figure, Shape } from "../domain/figure.ts";
import { network, sceneOf } from "../domain/testing.ts";
import { seen } from "./camera.ts";
import { type Box, overlaps, within } from "./geometry.ts";
import { boxOf, chosen, type Label, MOST_LABELS, namedAt, shortened } from "./labels.ts";
import { Layout } from "./layout.ts";
import { Places } from "./places.ts";
import { denseOf, Smoke } from "./smoke.ts";
import { wholeView } from "./views.ts";

const SIZE = { width: 1280, height: 800 };
const ALL: ReadonlySet<Figure> = new Set(REGISTRY.figures);
const NONE: ReadonlySet<string> = new Set();

function crowded(): Layout {
  const layout = new Layout(REGISTRY);
  layout.settle(sceneOf(network({ microdaos: 80, agents: 2000, nodes: 200, daos: 8 })));
  return layout;
}

describe("labels", () => {
  test("are a few hundred at most and the same for the same view", () => {
    const shapes = [...crowded().shapes.values()];
    const view = { x: 0, y: 0, zoom: 3 };
    const labels = chosen(shapes, view, SIZE, NONE, NONE);
    expect(labels.length).toBeLessThanOrEqual(MOST_LABELS);
    expect(chosen([...shapes].reverse(), view, SIZE, NONE, NONE)).toEqual(labels);
  });

  test("name the selected thing before all others", () => {
    const shapes = [...crowded().shapes.values()];
    const labels = chosen(shapes, { x: 0, y: 0, zoom: 1 }, SIZE, new Set(["agent:77"]), NONE);
    expect(labels[0]?.key).toBe("agent:77");
  });

  test("name the selected thing above it where there is no room below", () => {
    const shapes = [...crowded().shapes.values()];
    const { x, y } = shapes.find(({ key }) => key === "agent:77") as Shape;
    const above = (bottom: number) => {
      const size = { ...SIZE, free: { left: 0, top: 0, right: SIZE.width, bottom } };
      return chosen(shapes, { x, y, zoom: 1 }, size, new Set(["agent:77"]), NONE)[0]?.isAbove;
    };
    expect([above(SIZE.height), above(SIZE.height / 2 + 8), above(8)]).toEqual([false, true, false]);
  });

  test("are wholly in what is free of the screen", () => {
    const free = { left: 0, top: 180, right: SIZE.width, bottom: 700 };
    const view = { x: 0, y: 0, zoom: 1 };
    const labels = chosen([...crowded().shapes.values()], view, { ...SIZE, free }, NONE, NONE);
    expect(labels.length).toBeGreaterThan(20);
    expect(labels.filter((one) => !within(boxOf(one, view, SIZE), free))).toEqual([]);
  });

  test("stay when a thing of the same weight comes beside them", () => {
    const shapes = [...crowded().shapes.values()].filter((one) => one.figure.name === "agent");
    const view = { x: shapes[0]?.x ?? 0, y: shapes[0]?.y ?? 0, zoom: 3 };
    const first = chosen(shapes, view, SIZE, NONE, NONE);
    const held = new Set(first.map((one) => one.key));
    const beside = shapes.map((one) => ({ ...one, key: `agent:!${one.key}`, y: one.y + 2 }));
    const second = chosen([...beside, ...shapes], view, SIZE, NONE, held);
    expect(held.size).toBeGreaterThan(10);
    const stayed = new Set(second.map((one) => one.key));
    expect([...held].filter((key) => !stayed.has(key))).toEqual([]);
  });

  test.each([
    [12, { width: 360, height: 560 }, 6],
    [12, { width: 1440, height: 780 }, 11],
    [402, { width: 1440, height: 780 }, 41],
  ])("name of %i quarters on a screen of %o at least %i when all of them are seen", (microdaos, size, least) => {
    const layout = new Layout(REGISTRY);
    layout.settle(sceneOf(network({ microdaos, agents: microdaos, nodes: 1, daos: 4 })));
    const named = [...layout.shapes.values()].map((one) => ({
      ...one,
      item: { ...one.item, name: "Громада човнярів" },
    }));
    const view = wholeView(layout, ALL, size);
    const figures = namedAt(view.zoom, ALL);
    const labels = chosen(
      named.filter(({ figure }) => figures.has(figure)),
      view,
      size,
      NONE,
      NONE,
    );
    expect(labels.filter(({ shape }) => shape.figure.name === "microdao").length).toBeGreaterThanOrEqual(least);
  });

  test.each([
    [{ width: 360, height: 560 }, 3],
    [{ width: 1440, height: 780 }, 5],
  ])("on a screen of %o hide no fire, and name %i of 5 quarters with one, among 150", (size, least) => {
    const layout = new Layout(REGISTRY);
    const parts = network({ microdaos: 150, agents: 150, nodes: 150, daos: 4 });
    const nodes = parts["nodes.items"] as Item[];
    const failing = [3, 47, 88, 131, 149];
    for (const at of failing) nodes[at] = { ...(nodes[at] as Item), status: "error" };
    const smoke = new Smoke(layout);
    smoke.settle(layout.settle(sceneOf(parts)), REGISTRY);
    const view = wholeView(layout, ALL, size);
    const plumes = smoke.plumes(ALL, view.zoom, new Map());
    const dense = plumes.map((one) => denseOf(one, view, size));
    const large = namedAt(view.zoom, ALL);
    const shapes = [...layout.shapes.values()].filter(({ figure }) => large.has(figure));
    const labels = chosen(shapes, view, size, NONE, NONE, { failing: smoke.sources(ALL), smoke: dense });
    const homes = new Set(failing.map((at) => layout.shapes.get(`node:${at}`)?.home));
    expect(homes.size).toBe(failing.length);
    const named = labels.filter(({ key }) => homes.has(key));
    expect(named.length).toBeGreaterThanOrEqual(least);
    expect(labels.filter(({ alert }) => alert)).toEqual(named);
    const hidden = (smoky: readonly Box[], over: readonly Label[]) =>
      smoky.filter((one) => over.some((label) => overlaps(one, boxOf(label, view, size))));
    expect(
      hidden(
        dense,
        labels.filter(({ alert }) => !alert),
      ),
    ).toEqual([]);
    expect(
      hidden(
        dense.map((one) => ({ ...one, top: one.bottom - 12 })),
        named,
      ),
    ).toEqual([]);
  });

  test("name the outermost of equal quarters on each side", () => {
    const layout = new Layout(REGISTRY);
    layout.settle(sceneOf(network({ microdaos: 150, agents: 150, nodes: 1, daos: 0 })));
    const size = { width: 360, height: 560 };
    const view = wholeView(layout, ALL, size);
    const quarters = [...layout.shapes.values()].filter(({ figure }) => figure.name === "microdao");
    const shapes = quarters.map((one) => ({ ...one, item: { id: one.id, name: "Oak" } }));
    const named = new Set(chosen(shapes, view, size, NONE, NONE).map(({ key }) => key));
    const along = (way: (one: Shape) => number) => [...quarters].sort((one, other) => way(one) - way(other))[0];
    for (const way of [({ x }: Shape) => x, ({ x }: Shape) => -x, ({ y }: Shape) => -y]) {
      expect(named).toContain(along(way)?.key);
    }
  });

  test("call the small by name only from near", () => {
    const large = REGISTRY.figures.filter(({ stands }) => stands.on === "heart" || stands.on === "planet");
    expect(namedAt(0.2, ALL)).toEqual(new Set(large));
    expect(namedAt(5, ALL)).toEqual(ALL);
  });

  test("are cut between letters, not within", () => {
    expect(shortened("👩‍🚀".repeat(30), 4)).toBe(`${"👩‍🚀".repeat(3)}…`);
    expect(shortened("Лиман")).toBe("Лиман");
  });
});

describe("places", () => {
  test("find the same as a look at everything", () => {
    const layout = crowded();
    const places = new Places();
    for (const shape of layout.shapes.values()) {
      places.put(shape);
    }
    const box = seen({ x: 300, y: 100, zoom: 1.3 }, SIZE);
    const within = ({ x, y }: Shape) => x >= box.left && x <= box.right && y >= box.top && y <= box.bottom;
    const keys = (shapes: Iterable<Shape>) => new Set([...shapes].map((one) => one.key));
    expect(keys(places.within(box, ALL))).toEqual(keys([...layout.shapes.values()].filter(within)));
  });

  test("give the hand the small thing that lies on a large one, and nothing far off", () => {
    const layout = crowded();
    const places = new Places();
    for (const shape of layout.shapes.values()) {
      places.put(shape);
    }
    const agent = layout.shapes.get("agent:9") as Shape;
    expect(places.at({ x: agent.x + 1, y: agent.y }, 3, ALL)?.key).toBe("agent:9");
    expect(places.at({ x: 1e6, y: 0 }, 20, ALL)).toBeUndefined();
    places.drop(agent);
    expect(places.at(agent, 0, ALL)?.key).not.toBe("agent:9");
  });
});
