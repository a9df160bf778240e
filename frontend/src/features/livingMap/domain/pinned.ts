/** The map of one thing alone: it, and all that depends on it. */

import type { Item, Scene } from "../client/scene.ts";
import { dependentsOf } from "./dependents.ts";
import { labelOf, typeOf } from "./entities.ts";
import { collection, type Registry } from "./registry.ts";

/** Return the ids of a thing and of all that depends on it. */
export function idsAround(id: string, scene: Scene, registry: Registry): ReadonlySet<string> {
  return new Set([id, ...dependentsOf([id], scene, registry).flat()]);
}

/** Return the other things of the same kind, by name. */
export function othersOf(id: string, scene: Scene, registry: Registry): readonly Item[] {
  return [...others(id, scene, registry)].sort((one, other) => labelOf(one).localeCompare(labelOf(other)));
}

/** Return whether there are any. */
export function hasOthers(id: string, scene: Scene, registry: Registry): boolean {
  return others(id, scene, registry).next().done === false;
}

function* others(id: string, scene: Scene, registry: Registry): Generator<Item> {
  const { paths, name } = registry.kindOfId(id);
  if (!paths[0]) return;
  for (const one of collection(scene, paths[0]).values()) if (one.id !== id && typeOf(one.id) === name) yield one;
}

type Items = ReadonlyMap<string, Item>;

const made = new WeakMap<Items, { readonly ids: ReadonlySet<string>; readonly items: Items }>();

/** Return a scene with only some ids. A collection that did not change stays the same one. */
export function pinnedScene(scene: Scene, ids: ReadonlySet<string>): Scene {
  return Object.fromEntries(
    Object.entries(scene).map(([name, layer]) => {
      const collections = Object.entries(layer.collections).map(([own, items]) => [own, pinnedItems(items, ids)]);
      return [name, { ...layer, collections: Object.fromEntries(collections) }];
    }),
  );
}

function pinnedItems(items: Items, ids: ReadonlySet<string>): Items {
  const known = made.get(items);
  if (known?.ids === ids) return known.items;
  const own = new Map([...ids].flatMap((id) => (items.has(id) ? [[id, items.get(id) as Item] as const] : [])));
  const sorted = own.size < 2 ? own : new Map([...items].filter(([id]) => own.has(id)));
  made.set(items, { ids, items: sorted });
  return sorted;
}
