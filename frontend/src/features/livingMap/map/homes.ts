/** Where a thing belongs, how large it is, and which of two comes first. */

import type { Item, Scene } from "../client/scene.ts";
import { COMMONS, type Figure, type Lot } from "../domain/figure.ts";
import { text } from "../domain/json.ts";
import type { Kind } from "../domain/kind.ts";
import { collection, collectionsOf } from "../domain/registry.ts";

/** Return the quarter or the planet to which an item belongs. */
export function homeOf({ home }: Figure, item: Item): string {
  return home ? home(item) : text(item.microdao_id) || COMMONS;
}

export function sizeOf({ size }: Figure, item: Item): number {
  return typeof size === "number" ? size : size(item);
}

/** Return the use of the ground on which a figure stands; undefined for one that stands on none. */
export function lotOf({ stands }: Figure): Lot | undefined {
  return stands.on === "lot" ? stands.lot : undefined;
}

/** Return an item of some kinds from the first collection that has it. */
export function itemOf(scene: Scene, kinds: readonly Kind[], id: string): Item | undefined {
  const collections = kinds.flatMap(collectionsOf).map((path) => collection(scene, path));
  return collections.find((items) => items.has(id))?.get(id);
}

/** Order things, the oldest first. */
export function byAge(one: Item, other: Item): number {
  return compared(age(one), age(other)) || compared(one.id, other.id);
}

/** When a thing came into being; things that do not say so come last. */
export function age(item: Item | undefined): string {
  return text(item?.created_at) || "~";
}

export function compared(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
