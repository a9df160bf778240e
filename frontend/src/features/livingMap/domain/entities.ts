/** Items as entities: what their ids mean, where they are at home, what they are called. */

import { compareIds } from "../client/reduce.ts";
import type { Item, Scene, Thing } from "../client/scene.ts";

export type Found = { readonly layer: string; readonly collection: string; readonly item: Item };

/** Return the type that an id begins with: `agent` for `agent:sofia`. */
export function typeOf(id: string): string {
  return id.slice(0, Math.max(0, id.indexOf(":")));
}

/**
 * Return an item and where it is kept; undefined if the scene has no item of this id. Of several layers that have it,
 * `home` counts; without that the first by name.
 */
export function findItem(scene: Scene, id: string, home?: string): Found | undefined {
  const names = home === undefined ? Object.keys(scene).sort(compareIds) : [home];
  for (const layer of names) {
    for (const [collection, items] of Object.entries(scene[layer]?.collections ?? {})) {
      const item = items.get(id);
      if (item) return { layer, collection, item };
    }
  }
  return undefined;
}

/** Return what an item is called: its name, title or slug, or what its id has after the colon. */
export function labelOf(item: Thing): string {
  const texts = [item.name, item.title, item.slug];
  const label = texts.find((one): one is string => typeof one === "string" && one !== "");
  return label ?? item.id.slice(item.id.indexOf(":") + 1);
}

/** Return what the thing of an id is called; for one that the client lacks, what its id has after the colon. */
export function nameOf(id: string, item: Item | undefined): string {
  return item ? labelOf(item) : id.slice(id.indexOf(":") + 1);
}

/** Return an item's status; `unknown` where no source reports one. */
export function statusOfItem(item: Thing): string {
  return typeof item.status === "string" ? item.status : "unknown";
}
