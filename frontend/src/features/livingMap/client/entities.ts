/** Items as entities: what their ids say, and where they are at home. */

import { compareIds } from "./reduce.ts";
import type { Item, Scene } from "./scene.ts";

/** The layer in which an entity of each type is at home, as the map's own catalogue has it. */
export const HOMES: Readonly<Record<string, string>> = {
  agent: "agents",
  channel: "messaging",
  city: "city",
  dao: "space",
  microdao: "city",
  node: "nodes",
  space: "space",
};

export type Found = { readonly layer: string; readonly collection: string; readonly item: Item };

/** Return what an id says before its colon: `agent` for `agent:sofia`. */
export function typeOf(id: string): string {
  return id.slice(0, Math.max(0, id.indexOf(":")));
}

/** Return an item and where it stands; undefined if the scene has none of this id. */
export function findItem(scene: Scene, id: string): Found | undefined {
  const home = HOMES[typeOf(id)];
  const names = home ? [home] : Object.keys(scene).sort(compareIds);
  for (const layer of names) {
    for (const [collection, items] of Object.entries(scene[layer]?.collections ?? {})) {
      const item = items.get(id);
      if (item) return { layer, collection, item };
    }
  }
  return undefined;
}

/** Return what an item is called: its name, its title, or what its id has after the colon. */
export function labelOf(item: Item): string {
  const { name, title } = item;
  if (typeof name === "string" && name) return name;
  if (typeof title === "string" && title) return title;
  return item.id.slice(item.id.indexOf(":") + 1);
}

/** Return an item's status; `unknown` if nobody has told. */
export function statusOfItem(item: Item): string {
  return typeof item.status === "string" ? item.status : "unknown";
}
