/** Where a thing belongs, how large it is, and which of two comes first. */

import type { Item, Scene } from "../client/scene.ts";
import { CIVIC, districtOf, type Figure, type Lot } from "../domain/figure.ts";
import { idsIn, text } from "../domain/json.ts";
import type { Kind } from "../domain/kind.ts";
import { collection, type Registry } from "../domain/registry.ts";

/** A thing in a thing in a thing … so deep is looked for a quarter. */
const DEEPEST = 4;

/** Return the quarter or the planet to which an item of a kind belongs. */
export function homeOf(kind: Kind, item: Item, registry: Registry, scene: Scene, depth = 0): string {
  if (founds(kind)) return item.id;
  const within = withinOf(kind, item, registry);
  if (within === undefined) return strayHome(kind);
  const around = registry.kindOfId(within);
  if (founds(around)) return within;
  const other = depth < DEEPEST ? itemOf(scene, [around], within) : undefined;
  if (other) return homeOf(around, other, registry, scene, depth + 1);
  return strayHome(around.home.layer ? around : kind);
}

/** Return what a thing stands in; one without a declaration stands in the quarter that it refers to. */
function withinOf({ declared, within }: Kind, item: Item, registry: Registry): string | undefined {
  if (declared) return within.flatMap((field) => idsIn(item[field]))[0];
  if (!registry.hasQuarters) return undefined;
  return Object.keys(item)
    .filter((name) => name !== "id")
    .flatMap((name) => idsIn(item[name]))
    .find((id) => registry.kindOfId(id).figures.some(({ stands }) => stands.on === "heart"));
}

/** Whether things of a kind have a quarter or a room in the sky of their own. */
export function founds({ figures }: Kind): boolean {
  return figures.some(({ stands }) => stands.on === "heart" || stands.on === "planet");
}

/** Whether a home is a planet. */
export function isPlanet(home: string, registry: Registry): boolean {
  return registry.kindOfId(home).figures.some(({ stands }) => stands.on === "planet");
}

/** Return where things of a kind belong that stand in nothing else. */
function strayHome({ look, within, home }: Kind): string {
  return look === "hall" && within.length > 0 ? CIVIC : districtOf(home.layer);
}

export function sizeOf({ size }: Figure, item: Item): number {
  return typeof size === "number" ? size : size(item);
}

/** Return the use of the ground on which a figure stands in a home; undefined for one that stands on none. */
export function lotOf({ stands }: Figure, home: string, registry: Registry): Lot | undefined {
  return stands.on === "lot" && !isPlanet(home, registry) ? stands.lot : undefined;
}

/** Return an item of some kinds from the first collection that has it. */
export function itemOf(scene: Scene, kinds: readonly Kind[], id: string): Item | undefined {
  for (const { paths } of kinds) {
    for (const path of paths) {
      const item = collection(scene, path).get(id);
      if (item) return item;
    }
  }
  return undefined;
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
