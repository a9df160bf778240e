/** Scenes for the map's tests, of any size and oddity. */

import type { Item, Json, Layer, Scene } from "../client/scene.ts";

export type Parts = Readonly<Record<string, readonly Item[]>>;

/** Make a scene from items by `layer.collection`. */
export function sceneOf(parts: Parts): Scene {
  const layers: Record<string, Record<string, ReadonlyMap<string, Item>>> = {};
  for (const [path, items] of Object.entries(parts)) {
    const [layer = "", name = ""] = path.split(".");
    layers[layer] ??= {};
    layers[layer][name] = new Map(items.map((item) => [item.id, item]));
  }
  const entries = Object.entries(layers).map(([name, collections]): [string, Layer] => [
    name,
    { totals: {}, collections },
  ]);
  return Object.fromEntries(entries);
}

export function item(id: string, fields: Readonly<Record<string, Json>> = {}): Item {
  return { ...fields, id };
}

export type Extent = {
  readonly microdaos: number;
  readonly agents: number;
  readonly nodes: number;
  readonly daos: number;
};

/** A network of a size, every thing with a home, as its parts. */
export function network({ microdaos, agents, nodes, daos }: Extent): Record<string, Item[]> {
  const many = (count: number, make: (at: number) => Item) => Array.from({ length: count }, (_, at) => make(at));
  const home = (at: number) => `microdao:${(at * 7) % microdaos}`;
  const orbit = (dao: number) => many(nodes, (at) => item(`node:${at}`)).filter((_, at) => at % daos === dao);
  return {
    "city.items": many(microdaos, (at) =>
      item(`microdao:${at}`, { created_at: date(at), district: `part ${at % 4}` }),
    ),
    "city.rooms": many(6, (at) => item(`city:${at}`, { microdao_id: null })),
    "agents.items": many(agents, (at) => item(`agent:${at}`, { microdao_id: home(at), created_at: date(at) })),
    "nodes.items": many(nodes, (at) => item(`node:${at}`, { microdao_id: home(at), status: "online" })),
    "space.planets": many(daos, (at) =>
      item(`dao:${at}`, {
        microdao_id: home(at),
        orbits: orbit(at).map((one) => one.id),
        treasury: 10 ** (at % 7),
      }),
    ),
    "dao.proposals": many(daos * 4, (at) => item(`proposal:${at}`, { dao_id: `dao:${at % daos}` })),
    "messaging.channels": many(microdaos * 2, (at) => item(`channel:${at}`, { microdao_id: home(at) })),
  };
}

function date(day: number): string {
  return new Date(Date.UTC(2025, 0, 1 + day)).toISOString();
}
