import { describe, expect, test } from "vitest";
import { SHOP, shopRegistry, shopScene } from "../../../../tests/shop.ts";
import { REGISTRY, recorded } from "../../../../tests/types.ts";
import type { SourceBrief } from "../client/scene.ts";
import { languageOf } from "../i18n/i18n.tsx";
import { related } from "../map/arcs.ts";
import { Layout } from "../map/layout.ts";
import { catalogue, matches } from "./catalogue.ts";
import { undeclared } from "./kind.ts";
import { countsOf } from "./layers.ts";
import { looksOf } from "./legend.ts";
import { hasAnswer, problemsOf } from "./problems.ts";
import { observedIn, Registry } from "./registry.ts";
import { relationsOf } from "./relations.ts";
import { toneOfItem } from "./status.ts";
import { cellText, tableOf } from "./table.ts";
import { item, network, sceneOf } from "./testing.ts";
import { statusWord } from "./words.ts";

const ENGLISH = languageOf("en");
const SCENE = shopScene();
const SHOP_REGISTRY = shopRegistry(SCENE);
const NONE = {
  q: "",
  type: "",
  status: "",
  layer: "",
  layers: new Set(SHOP_REGISTRY.layers.map(({ name }) => name)),
};

describe("the registry", () => {
  test("draws the very same figures in another language", () => {
    expect(new Registry(recorded("uk")).figures).toEqual(REGISTRY.figures);
    const [one] = new Registry(recorded("uk")).figures;
    expect(one).toBe(REGISTRY.figures[0]);
  });

  test("has figures of different names", () => {
    expect(new Set(REGISTRY.figures.map(({ name }) => name)).size).toBe(REGISTRY.figures.length);
  });

  test("has a kind for a type that is nowhere", () => {
    const { label, icon, home } = REGISTRY.kindOf("weather-station");
    expect([label, icon !== "", home.layer]).toEqual(["Weather station", true, ""]);
    expect(REGISTRY.homeOf("weather-station")).toBeUndefined();
  });

  test("lists a type once that is declared and shown", () => {
    const scene = sceneOf(network({ microdaos: 2, agents: 3, nodes: 2, daos: 1 }));
    expect(new Registry(recorded("en"), observedIn(scene)).kinds).toEqual(REGISTRY.kinds);
  });

  test("has what a snapshot shows where nothing is declared", () => {
    const registry = new Registry(undefined, observedIn(SCENE));
    expect(registry.kinds.map(({ name }) => name)).toEqual([
      "alert",
      "keeper",
      "order",
      "queue",
      "shelf",
      "target",
    ]);
    expect(registry.layers.map(({ title }) => title)).toEqual([
      "Monitoring",
      "Staff",
      "Shop",
      "Messaging",
      "Stock",
    ]);
    expect(new Set(registry.kinds.map(({ icon }) => icon)).size).toBe(6);
    expect(catalogue(SCENE, registry)).toHaveLength(12 + 1 + 4 + 60 + 20 + 5);
  });
});

describe("a network without a kind of this repository", () => {
  test("is searched, also for what is not declared", () => {
    const all = catalogue(SCENE, SHOP_REGISTRY);
    expect(matches(all, { ...NONE, q: "web-3" }).map(({ id }) => id)).toEqual(["target:3"]);
    expect(matches(all, { ...NONE, type: "shelf" })).toHaveLength(20);
    expect(matches(all, { ...NONE, layer: "staff" })).toHaveLength(5);
  });

  test("has layers by their titles, with the counts of each kind", () => {
    const counts = SHOP_REGISTRY.layers.map((layer) => [
      layer.title,
      ...countsOf(SCENE, layer).map(([{ plural }, count]) => `${count} ${plural}`),
    ]);
    expect(counts).toEqual([
      ["Watch", "12 targets", "1 alerts"],
      ["Queues", "4 queues"],
      ["Orders", "60 orders"],
      ["Staff", "5 keeper"],
      ["Stock", "20 shelf"],
    ]);
  });

  test("has problems in the words of its types", () => {
    const problems = problemsOf(SCENE, [], SHOP_REGISTRY);
    expect(problems.map(({ entity, tone, what }) => [entity?.id, tone, what.text])).toEqual([
      ["target:3", "bad", "down"],
      ["alert:slow", "bad", "firing"],
    ]);
    expect(statusWord("down", ENGLISH, SHOP_REGISTRY.kindOf("target"))).toBe("not reachable");
    expect(statusWord("up", ENGLISH, SHOP_REGISTRY.kindOf("target"))).toBe("up");
    expect(statusWord("up", languageOf("uk"), SHOP_REGISTRY.kindOf("target"))).toBe("в мережі");
  });

  test("has what is down for a problem, though nothing says what it is", () => {
    const scene = sceneOf({ "x.items": [item("thing:a", { status: "down" }), item("thing:b", { status: "ok" })] });
    const served = { ...undeclared("thing", [["x", "items"]]), trouble: ["degraded"] };
    for (const table of [undefined, { types: [served], layers: [] }]) {
      const registry = new Registry(table, observedIn(scene));
      expect(problemsOf(scene, [], registry).map(({ entity }) => entity?.id)).toEqual(["thing:a"]);
    }
  });

  test("is all well only where a source has answered", () => {
    const source = (status: SourceBrief["status"]): SourceBrief => {
      return { name: "a", service: "a", status, observed_at: null, age_seconds: null, error: null };
    };
    expect(hasAnswer([])).toBe(false);
    expect(hasAnswer([source("starting"), source("disabled")])).toBe(false);
    expect(hasAnswer([source("starting"), source("fresh")])).toBe(true);
  });

  test("has relations with the words of both sides", () => {
    const of = (id: string) => {
      const found = SHOP_REGISTRY.find(SCENE, id);
      return (
        found &&
        relationsOf(SCENE, found.item, SHOP_REGISTRY, ENGLISH).map(({ label, ids }) => [label, ids.length])
      );
    };
    expect(of("alert:slow")).toEqual([["target", 1]]);
    expect(of("target:3")).toEqual([["alerts", 1]]);
    expect(of("shelf:1")).toEqual([["keeper", 1]]);
    expect(of("keeper:anna")).toEqual([["shelf", 20]]);
  });

  test("has a column for each declared field of a type", () => {
    const { columns, rows } = tableOf(
      SCENE,
      SHOP_REGISTRY,
      { ...NONE, type: "target" },
      { by: "latency", down: true },
    );
    expect(columns.map(({ name }) => name)).toEqual(["name", "status", "latency", "cpu_share"]);
    const [first] = rows;
    const texts = first && columns.map((column) => cellText(first, column, SCENE, SHOP_REGISTRY, ENGLISH));
    expect([first?.label, ...(texts ?? [])]).toEqual(["web-11", "", "", "110 ms", "20%"]);
  });

  test("has the commonest fields for columns where none is declared", () => {
    const { columns } = tableOf(SCENE, SHOP_REGISTRY, { ...NONE, type: "shelf" }, { by: "name", down: false });
    expect(columns.map(({ name, isNumber }) => [name, isNumber])).toEqual([
      ["name", false],
      ["status", false],
      ["weight", true],
      ["keeper", false],
    ]);
  });

  test("leaves out of the table what a layer that is switched off has", () => {
    const all = tableOf(SCENE, SHOP_REGISTRY, NONE, null).rows;
    const rest = new Set([...NONE.layers].filter((name) => name !== "monitoring"));
    const { rows } = tableOf(SCENE, SHOP_REGISTRY, { ...NONE, layers: rest }, null);
    expect(rows).toEqual(all.filter(({ layer }) => layer !== "monitoring"));
    expect(rows.length).toBeLessThan(all.length);
  });

  test("calls in the table what its fields refer to by its name, and sorts by it", () => {
    const keepers = [item("keeper:b", { name: "Anna" }), item("keeper:a", { name: "Zoe" })];
    const shelves = [item("shelf:1", { keeper: "keeper:a" }), item("shelf:2", { keeper: "keeper:b" })];
    const scene = sceneOf({ "staff.people": keepers, "stock.items": shelves });
    const { columns, rows } = tableOf(
      scene,
      SHOP_REGISTRY,
      { ...NONE, type: "shelf" },
      { by: "keeper", down: false },
    );
    const column = columns.find(({ name }) => name === "keeper");
    expect(rows.map((row) => column && cellText(row, column, scene, SHOP_REGISTRY, ENGLISH))).toEqual([
      "Anna",
      "Zoe",
    ]);
  });

  test("has one column for what most things have where it is of several types", () => {
    const { columns, rows } = tableOf(SCENE, SHOP_REGISTRY, { ...NONE, layer: "monitoring" }, null);
    expect(columns.map(({ name }) => name)).toEqual(["name", "type", "status", "within", "glance"]);
    const [first, glance] = [rows[0], columns.at(-1)];
    const text = first && glance && cellText(first, glance, SCENE, SHOP_REGISTRY, ENGLISH);
    expect([first?.label, text]).toEqual(["web-0", "Latency 0 ms · Processor 20%"]);
  });

  test("has a legend of the looks that it has", () => {
    expect(looksOf(SHOP_REGISTRY.kinds)).toEqual([
      { look: "quarter", names: ["queues"] },
      { look: "light", names: ["orders"] },
      { look: "tower", names: ["targets"] },
      { look: "mark", names: ["alerts"] },
    ]);
  });
});

describe("on the map, a network without a kind of this repository", () => {
  const layout = new Layout(SHOP_REGISTRY);
  layout.settle(SCENE);
  const homeOf = (id: string) => layout.shapes.get(id)?.home;

  test("stands in full", () => {
    const ids = catalogue(SCENE, SHOP_REGISTRY).map(({ id }) => id);
    expect(ids.filter((id) => !layout.shapes.has(id))).toEqual([]);
  });

  test("has a district for each layer whose things stand in nothing else, by its title", () => {
    const districts = [...layout.shapes.values()].filter(({ id }) => id.startsWith("layer/"));
    expect(districts.map(({ item: { name } }) => name)).toEqual(["Watch", "Orders", "Staff", "Stock"]);
    expect([homeOf("target:3"), homeOf("shelf:1")]).toEqual(["layer/monitoring", "layer/stock"]);
  });

  test("stands in the quarter of what it is within, through as many things as there are", () => {
    expect([homeOf("queue:1"), homeOf("order:1")]).toEqual(["queue:1", "queue:1"]);
    expect(homeOf("alert:slow")).toBe("layer/monitoring");
    expect(homeOf("order:7")).toBe("layer/shop");
  });

  test("has arcs to what it refers to", () => {
    const shape = layout.shapes.get("alert:slow");
    expect(shape && related(shape, layout.shapes, SHOP_REGISTRY).map(({ key }) => key)).toEqual(["target:3"]);
  });

  test("stays where it is when its types are declared in other words", () => {
    const words = SHOP.types.map((row) => ({ ...row, label: row.label.toUpperCase() }));
    const layers = SHOP.layers.map((row) => ({ ...row, title: row.title.toUpperCase() }));
    const before = new Map(layout.shapes);
    layout.adopt(new Registry({ types: words, layers }, observedIn(SCENE)));
    layout.settle(SCENE);
    for (const [key, { x, y, figure }] of before) expect(layout.shapes.get(key)).toMatchObject({ x, y, figure });
    expect(layout.shapes.get("layer/monitoring")?.item.name).toBe("WATCH");
    layout.adopt(SHOP_REGISTRY);
    layout.settle(SCENE);
  });

  test("takes the places of its kind when it is declared later, and leaves nothing behind", () => {
    const late = new Layout(new Registry(undefined, observedIn(SCENE)));
    late.settle(SCENE);
    late.adopt(SHOP_REGISTRY);
    late.settle(SCENE);
    const figures = (one: Layout) =>
      new Map([...one.shapes].map(([key, { figure, home }]) => [key, [figure.name, home]]));
    expect(figures(late)).toEqual(figures(layout));
    expect(new Set(late.city.quarters.keys())).toEqual(new Set(layout.city.quarters.keys()));
  });

  test("gives the ground of a layer back that has nothing any more", () => {
    const { stock, ...rest } = SCENE;
    const smaller = new Layout(SHOP_REGISTRY);
    smaller.settle(SCENE);
    smaller.settle(rest);
    expect(stock && [smaller.shapes.has("layer/stock"), smaller.city.quarters.has("layer/stock")]).toEqual([
      false,
      false,
    ]);
  });

  test("lets what has no declaration stand in the quarter that it refers to", () => {
    const scene = { ...SCENE, ...sceneOf({ "lab.items": [item("probe:a", { at: "queue:2", by: "order:3" })] }) };
    const more = new Layout(shopRegistry(scene));
    more.settle(scene);
    expect(more.shapes.get("probe:a")?.home).toBe("queue:2");
  });

  test("bears two thousand things without a declaration", () => {
    const scene = shopScene(1600);
    const many = new Layout(shopRegistry(scene));
    many.settle(scene);
    expect(many.shapes.size).toBeGreaterThan(2000);
  });
});

test("a thing is judged by the status of its type", () => {
  expect(toneOfItem(item("target:x", { health: "down" }), SHOP_REGISTRY)).toBe("bad");
  expect(toneOfItem(item("target:x", { status: "up" }), SHOP_REGISTRY)).toBe("good");
});
