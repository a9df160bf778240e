/** How large a thing is, on what ground it stands, and which of two comes first. */

import type { Item, Scene } from "../client/scene.ts";
import type { Figure, Lot } from "../domain/figure.ts";
import { text } from "../domain/json.ts";
import { collection, type Registry } from "../domain/registry.ts";

/** Whether a home is a planet. */
export function isPlanet(home: string, registry: Registry): boolean {
  return registry.kindOfId(home).figures.some(({ stands }) => stands.on === "planet");
}

export function sizeOf({ size }: Figure, item: Item): number {
  return typeof size === "number" ? size : size(item);
}

/** Return the use of the ground on which a figure stands in a home; undefined for one that stands on none. */
export function lotOf({ stands }: Figure, home: string, registry: Registry): Lot | undefined {
  return stands.on === "lot" && !isPlanet(home, registry) ? stands.lot : undefined;
}

/** Whether the city has ground to show: that of its quarters, or, where no type has quarters, that of its districts. */
export function hasGround(figures: ReadonlySet<Figure>, { hasQuarters }: Registry): boolean {
  return [...figures].some(({ type, stands }) => stands.on === "heart" && (type !== null || !hasQuarters));
}

/** Order things, the oldest first. */
export function byAge(one: Item, other: Item): number {
  return compared(age(one), age(other)) || compared(one.id, other.id);
}

/** When a thing came into being that does not say so: it comes last. */
export const AGELESS = "~";

function age(item: Item | undefined): string {
  return text(item?.created_at) || AGELESS;
}

/** Return when a quarter or a planet was founded: what the first of its collections says that knows it; else AGELESS. */
export function foundedAt(home: string, registry: Registry, scene: Scene): string {
  for (const path of registry.kindOfId(home).paths) {
    const since = age(collection(scene, path).get(home));
    if (since !== AGELESS) return since;
  }
  return AGELESS;
}

export function compared(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
