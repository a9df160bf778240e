/** What depends on a thing: what refers to it, what refers to that, and so on, ring by ring. */

import type { Item, Scene } from "../client/scene.ts";
import { typeOf } from "./entities.ts";
import type { Kind } from "./kind.ts";
import { collection, type Registry } from "./registry.ts";
import { referredBy } from "./relations.ts";

/** The ids that are as many steps away. */
export type Ring = readonly string[];

const MOST_HOPS = 6;

/** Return the rings around some things, the nearest first; each thing is in one ring. */
export function dependentsOf(ids: readonly string[], scene: Scene, registry: Registry): readonly Ring[] {
  const referrers = referrersIn(scene, registry);
  const seen = new Set(ids);
  const rings: Ring[] = [];
  let last: Ring = ids;
  while (rings.length < MOST_HOPS) {
    const next = [...new Set(last.flatMap((id) => referrers.get(id) ?? []))].filter((id) => !seen.has(id));
    if (next.length === 0) break;
    for (const id of next) seen.add(id);
    rings.push(next);
    last = next;
  }
  return rings;
}

/** How many things of a kind there are among others. */
export type KindCount = { readonly kind: Kind; readonly count: number };

/** Return how many things of each kind some ids name, in the order of the kinds. */
export function countsOf(ids: readonly string[], registry: Registry): readonly KindCount[] {
  const counts = new Map<string, number>();
  for (const id of ids) counts.set(typeOf(id), (counts.get(typeOf(id)) ?? 0) + 1);
  return registry.kinds.flatMap((kind) => {
    const count = counts.get(kind.name);
    return count === undefined ? [] : [{ kind, count }];
  });
}

type Referrers = ReadonlyMap<string, readonly string[]>;

const made = new WeakMap<Scene, { readonly by: Registry; readonly referrers: Referrers }>();

/** Return by id what refers to it. A scene that did not change is not looked at again. */
function referrersIn(scene: Scene, registry: Registry): Referrers {
  const known = made.get(scene);
  if (known?.by === registry) return known.referrers;
  const referrers = new Map<string, string[]>();
  for (const { name, paths } of registry.kinds) {
    for (const item of paths[0] ? collection(scene, paths[0]).values() : []) {
      if (typeOf(item.id) !== name) continue;
      for (const id of referencesOf(item, registry)) {
        const own = referrers.get(id);
        if (own) own.push(item.id);
        else referrers.set(id, [item.id]);
      }
    }
  }
  made.set(scene, { by: registry, referrers });
  return referrers;
}

const references = new WeakMap<Item, { readonly by: Registry; readonly ids: readonly string[] }>();

/** Return what an item refers to, each once. What did not change is not looked at again. */
function referencesOf(item: Item, registry: Registry): readonly string[] {
  const known = references.get(item);
  if (known?.by === registry) return known.ids;
  const ids = [...new Set(referredBy(item, registry).flatMap(([, own]) => own))];
  references.set(item, { by: registry, ids });
  return ids;
}
