import { describe, expect, test } from "vitest";
import { REGISTRY } from "../../../../tests/types.ts";
import type { Item } from "../client/scene.ts";
import { dice } from "../domain/chance.ts";
import { item, sceneOf } from "../domain/testing.ts";
import { Layout } from "./layout.ts";

type Parts = Record<string, Item[]>;

const LAYERS = ["city", "agents", "nodes", "space", "dao", "messaging", "microdao"];

/** The places of all things. */
function sites(layout: Layout): Map<string, readonly [number, number]> {
  return new Map([...layout.shapes.values()].map(({ key, x, y }) => [key, [x, y] as const]));
}

function laid(...scenes: Parts[]): Layout {
  const layout = new Layout(REGISTRY);
  for (const parts of scenes) layout.settle(sceneOf(parts));
  return layout;
}

/** A random network that is founded from day `from` on. */
function founded(chance: () => number, from: number, name: string, homes: string[], daos: string[]): Parts {
  const pick = (count: number) => Math.floor(chance() * count);
  let day = from;
  const date = () => new Date(Date.UTC(2024, 0, 1, day++)).toISOString();
  const many = (count: number, make: (at: number) => Item) => Array.from({ length: count }, (_, at) => make(at));
  const letters = () => Math.floor(chance() * 2 ** 32).toString(36);
  const quarters = many(1 + pick(40), () => item(`microdao:${name}-${letters()}`, { created_at: date() }));
  homes.push(...quarters.map(({ id }) => id));
  const planets = many(pick(9), () => item(`dao:${name}-${letters()}`, { created_at: date() }));
  daos.push(...planets.map(({ id }) => id));
  // some quarters are far larger than others
  const home = () => homes[Math.floor(homes.length * chance() ** 4)] ?? "";
  return {
    "city.items": quarters,
    "city.rooms": many(pick(9), () =>
      item(`city:${name}-${letters()}`, { microdao_id: null, created_at: date() }),
    ),
    "agents.items": many(pick(900), () =>
      item(`agent:${name}-${letters()}`, { microdao_id: chance() < 0.1 ? null : home(), created_at: date() }),
    ),
    "nodes.items": many(pick(90), () =>
      item(`node:${name}-${letters()}`, { microdao_id: home(), created_at: date() }),
    ),
    "messaging.channels": many(pick(90), () =>
      item(`channel:${name}-${letters()}`, { microdao_id: home(), created_at: date() }),
    ),
    "dao.items": planets,
    "space.planets": planets.map(({ id }) => item(id, { treasury: pick(1e6) })),
    "dao.proposals": many(pick(200), () =>
      item(`proposal:${name}-${letters()}`, { dao_id: daos[pick(daos.length)] ?? "", created_at: date() }),
    ),
    "microdao.items": quarters.map(({ id }) => item(id, { members: 3 })),
  };
}

function shuffled<T>(chance: () => number, list: readonly T[]): T[] {
  return list
    .map((one) => [chance(), one] as const)
    .sort(([one], [other]) => one - other)
    .map(([, one]) => one);
}

function joined(...parts: Parts[]): Parts {
  const names = [...new Set(parts.flatMap((one) => Object.keys(one)))];
  return Object.fromEntries(names.map((name) => [name, parts.flatMap((one) => one[name] ?? [])]));
}

function ofLayers(parts: Parts, layers: ReadonlySet<string>): Parts {
  return Object.fromEntries(Object.entries(parts).filter(([name]) => layers.has(name.split(".")[0] ?? "")));
}

/** Say which of `old` stand elsewhere in `now`. */
function moved(old: Layout, now: Layout): string[] {
  const there = sites(now);
  return [...old.shapes.values()]
    .filter(({ key, home }) => now.shapes.get(key)?.home === home)
    .filter(({ key, x, y }) => String(there.get(key)) !== String([x, y]))
    .map(({ key, home }) => `${key} in ${home}`);
}

describe.each([1, 2, 3])("a city that grows (seed %i)", (seed) => {
  const chance = dice(seed);
  const [homes, daos]: [string[], string[]] = [[], []];
  const first = founded(chance, 0, "a", homes, daos);
  const grown = joined(first, founded(chance, 5000, "b", homes, daos));
  const before = laid(first);
  const after = laid(grown);

  test("moves nobody when it is loaded again", () => {
    expect(moved(before, after)).toEqual([]);
  });

  test("is the same whether it was there while it grew or is loaded afterwards", () => {
    expect(moved(laid(first, grown), after)).toEqual([]);
  });

  test("is the same whatever is loaded first, and in whatever order things are listed", () => {
    const order = shuffled(chance, LAYERS);
    const scenes = order.map((_, at) => ofLayers(grown, new Set(order.slice(0, at + 1))));
    const mixed = scenes.map((parts) =>
      Object.fromEntries(Object.entries(parts).map(([name, items]) => [name, shuffled(chance, items)])),
    );
    expect(moved(laid(...mixed), after), order.join()).toEqual([]);
  });

  test.each(LAYERS.filter((name) => name !== "city" && name !== "dao"))("stands as ever without %s", (layer) => {
    const others = new Set(LAYERS.filter((name) => name !== layer));
    expect(moved(laid(ofLayers(grown, others)), after)).toEqual([]);
  });

  test("lets few move when somebody leaves", () => {
    const [, ...left] = shuffled(chance, grown["city.items"] as Item[]);
    expect(moved(laid({ ...grown, "city.items": left }), after).length).toBeLessThan(after.shapes.size / 10);
  });
});
