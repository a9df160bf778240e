import { beforeEach, describe, expect, test, vi } from "vitest";
import { typeOf } from "./entities.ts";
import type { Kind } from "./kind.ts";
import { DECLARED } from "./kinds/index.ts";
import { FIGURES, kindOf } from "./registry.ts";
import { item, network, sceneOf } from "./testing.ts";
import { TYPES } from "./vocabulary.ts";

describe("the kinds", () => {
  test.each(DECLARED.map((kind) => [kind.type, kind] as const))(
    "%s has the same words in both languages",
    (_, kind) => {
      const { en, uk } = kind.words;
      const fields = (words: typeof en) => [
        Object.keys(words).sort(),
        Object.keys(words.referrers ?? {}).sort(),
        Object.keys(words.statuses ?? {}).sort(),
      ];
      expect(fields(uk)).toEqual(fields(en));
    },
  );

  test("describe every type of the vocabulary", () => {
    expect(Object.keys(TYPES).filter((type) => !DECLARED.some((kind) => kind.type === type))).toEqual([]);
  });

  test("have figures of different names, drawn and toured in one order", () => {
    for (const of of ["name", "order", "tour"] as const) {
      expect(new Set(FIGURES.map((figure) => figure[of])).size).toBe(FIGURES.length);
    }
  });

  test("include one for a type that nobody has described", () => {
    const { type, icon, words } = kindOf("weather-station");
    expect([type, words.en.name, words.uk.count.other]).toEqual([
      "weather-station",
      ...Array(2).fill("weather station"),
    ]);
    expect(icon).not.toBe("");
  });
});

const STATION: Kind = {
  type: "station",
  icon: "M4 4h16",
  words: {
    en: {
      name: "Station",
      plural: "stations",
      count: { other: "stations" },
      referrers: { node_id: "watched by" },
    },
    uk: { name: "Станція", plural: "станції", count: { other: "станції" }, referrers: { node_id: "стежать" } },
  },
  rank: 55,
  tones: { stormy: "bad" },
  layer: {
    name: "weather",
    rank: 70,
    words: { en: { name: "Weather", hint: "Stations" }, uk: { name: "Погода", hint: "Станції" } },
  },
  figures: [
    {
      name: "station",
      stands: { on: "lot", lot: "lamps" },
      size: 8,
      sources: ["weather"],
      order: 35,
      tour: 35,
      label: { from: 1, weight: 300, size: 11 },
      draw: ({ x, y, size }, paints, { tone }) => [{ frame: "disc", x, y, wide: size, tint: paints.tones[tone] }],
    },
  ],
};

describe.each([
  ["a file and a row", [...DECLARED, STATION], "Station", "Weather", "bad"],
  ["a row alone", DECLARED, "station", "Weather", "idle"],
] as const)("a kind that is added by %s", (_, declared, name, layer, tone) => {
  beforeEach(() => {
    vi.resetModules();
    const row = { home: "weather", collection: "items", references: ["node_id"], trouble: ["degraded"] };
    vi.doMock("./vocabulary.ts", async (original) => {
      const vocabulary = await original<typeof import("./vocabulary.ts")>();
      return { ...vocabulary, TYPES: { ...vocabulary.TYPES, station: row } };
    });
    vi.doMock("./kinds/index.ts", () => ({ DECLARED: declared }));
    return () => {
      vi.doUnmock("./vocabulary.ts");
      vi.doUnmock("./kinds/index.ts");
    };
  });

  const scene = sceneOf({
    ...network({ microdaos: 3, agents: 9, nodes: 4, daos: 1 }),
    "weather.items": [item("station:lviv", { name: "Lviv", status: "stormy", node_id: "node:1" })],
  });

  test("is in the search, under its name, in its tone", async () => {
    const { catalogue, matches } = await import("./catalogue.ts");
    const { toneOfItem } = await import("./status.ts");
    const { typeWord } = await import("./words.ts");
    const { languageOf } = await import("../i18n/i18n.tsx");
    const [station] = matches(catalogue(scene), { q: "lviv", type: "station", status: "", layer: "weather" });
    expect(station?.id).toBe("station:lviv");
    expect(typeWord("station", languageOf("en"))).toBe(name);
    expect(station && toneOfItem(station.item)).toBe(tone);
  });

  test("has a layer that can be switched and counts it", async () => {
    const { countOf, figuresOf, layerOf, LAYER_NAMES } = await import("./layers.ts");
    const weather = layerOf("weather");
    expect(LAYER_NAMES.at(-1)).toBe("weather");
    expect([weather?.words.en.name, weather && countOf(scene, weather)]).toEqual([layer, 1]);
    expect([...figuresOf(new Set(["weather"]))].map((figure) => figure.name)).toEqual(["station"]);
  });

  test("stands on the map, with an arc to what it refers to", async () => {
    const { Layout } = await import("../map/layout.ts");
    const { related } = await import("../map/arcs.ts");
    const layout = new Layout();
    layout.settle(scene);
    const shape = layout.shapes.get("station:lviv");
    expect(shape && typeOf(shape.id)).toBe("station");
    expect(shape && related(shape, layout.shapes).map((one) => one.key)).toEqual(["node:1"]);
  });
});
