/** How the things of a moment differ from those of the present. */

import type { Item, Scene } from "../client/scene.ts";
import type { Registry } from "./registry.ts";
import { conditionOf } from "./status.ts";

/** Not there yet at that moment, no longer there now, or now in another condition. */
export type Ghost = { readonly kind: "absent" | "gone" } | { readonly kind: "changed"; readonly now: string };

/** By id; things that are as they are now are left out. */
export type Ghosts = ReadonlyMap<string, Ghost>;

export const NO_GHOSTS: Ghosts = new Map();

export type Haunted = {
  /** The things of the moment, and those that are there only now: nothing on the map loses its place. */
  readonly scene: Scene;
  readonly ghosts: Ghosts;
};

/** Compare a moment with the present. Cheap for what is the very same object in both. */
export function hauntedBy(then: Scene, now: Scene, registry: Registry): Haunted {
  const ghosts = new Map<string, Ghost>();
  for (const item of differing(then, now)) {
    const other = registry.find(now, item.id)?.item;
    if (!other) ghosts.set(item.id, { kind: "gone" });
    else if (registry.find(then, item.id)?.item === item) compare(item, other, registry, ghosts);
  }
  const layers = Object.entries(now).map(([name, layer]) => {
    const collections = Object.entries(layer.collections).map(([key, items]) => {
      const before = then[name]?.collections[key] ?? NO_ITEMS;
      const later = [...items.values()].filter(({ id }) => !before.has(id) && !registry.find(then, id));
      for (const { id } of later) ghosts.set(id, { kind: "absent" });
      return [
        key,
        later.length === 0 ? before : new Map([...before, ...later.map((one) => [one.id, one] as const)]),
      ];
    });
    const own = { ...then[name]?.collections, ...Object.fromEntries(collections) };
    return [name, { totals: then[name]?.totals ?? {}, collections: own }] as const;
  });
  return { scene: { ...then, ...Object.fromEntries(layers) }, ghosts };
}

const NO_ITEMS: ReadonlyMap<string, Item> = new Map();

function* differing(then: Scene, now: Scene): Iterable<Item> {
  for (const [name, { collections }] of Object.entries(then)) {
    for (const [key, items] of Object.entries(collections)) {
      const others = now[name]?.collections[key];
      if (items === others) continue;
      for (const item of items.values()) if (others?.get(item.id) !== item) yield item;
    }
  }
}

function compare(then: Item, now: Item, registry: Registry, ghosts: Map<string, Ghost>): void {
  const kind = registry.kindOfId(then.id);
  const word = conditionOf(now, kind);
  if (conditionOf(then, kind) !== word) ghosts.set(then.id, { kind: "changed", now: word });
}
