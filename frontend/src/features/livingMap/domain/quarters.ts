/** The places where things happen: each quarter of the city, each planet, and whatever else things stand in. */

import type { Item, Scene } from "../client/scene.ts";
import { labelOf } from "./entities.ts";
import { founds, holdersIn } from "./homes.ts";
import type { Kind } from "./kind.ts";
import { collection, type Registry } from "./registry.ts";

export type Quarters = { readonly kind: Kind; readonly quarters: readonly Item[] };

const sorted = new WeakMap<ReadonlyMap<string, Item>, readonly Item[]>();

/** Return the places of a scene by kind, each kind's by name. A collection that did not change is not sorted again. */
export function quartersIn(scene: Scene, registry: Registry): readonly Quarters[] {
  const holders = holdersIn(scene, registry);
  return registry.kinds.flatMap((kind) => {
    const [home] = kind.paths;
    if (!home || !(founds(kind) || holders.has(kind.name))) return [];
    const items = collection(scene, home);
    let quarters = sorted.get(items);
    if (!quarters) {
      quarters = [...items.values()].sort((one, other) => labelOf(one).localeCompare(labelOf(other)));
      sorted.set(items, quarters);
    }
    const own = quarters.filter(({ id }) => registry.kindOfId(id) === kind);
    return own.length > 0 ? [{ kind, quarters: own }] : [];
  });
}
