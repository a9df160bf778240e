/** Items as entities: what their ids mean, where they are at home, what they are called. The twin of `livingmap/core/labels.py`. */

import { compareIds } from "../client/reduce.ts";
import type { Item, Scene, Thing } from "../client/scene.ts";

export type Found = { readonly layer: string; readonly collection: string; readonly item: Item };

/** Return the type that an id begins with: `agent` for `agent:sofia`. */
export function typeOf(id: string): string {
  return id.slice(0, Math.max(0, id.indexOf(":")));
}

const counted = new WeakMap<ReadonlyMap<string, unknown>, ReadonlyMap<string, number>>();

/** Return how many things of each type a collection has. One that did not change is not looked at again. */
export function typesIn(items: ReadonlyMap<string, unknown>): ReadonlyMap<string, number> {
  let counts = counted.get(items);
  if (!counts) {
    counts = countsIn(items);
    counted.set(items, counts);
  }
  return counts;
}

/** Ids of one type come in a row, mostly: then a look at their beginning is enough. */
function countsIn(items: ReadonlyMap<string, unknown>): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  let [type, prefix, run] = ["", ":", 0];
  const note = () => run > 0 && counts.set(type, (counts.get(type) ?? 0) + run);
  for (const id of items.keys()) {
    if (!id.startsWith(prefix)) {
      note();
      type = typeOf(id);
      prefix = `${type}:`;
      run = 0;
    }
    run += 1;
  }
  note();
  return counts;
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

const UUID = /^([0-9a-f]{8})(-?)[0-9a-f]{4}(\2[0-9a-f]{4}){2}\2[0-9a-f]{12}$/i;

/** Return what an item is called: its name, title or slug, or else the short form of its id. */
export function labelOf(item: Thing): string {
  return ownName(item) ?? shortId(item.id);
}

/** Return the name, title or slug of an item; undefined if it has none. A UUID is no name. */
export function ownName({ name, title, slug }: Thing): string | undefined {
  const texts = [name, title, slug];
  return texts.find((one): one is string => typeof one === "string" && one !== "" && !UUID.test(one));
}

/** Return what the thing of an id is called; for one that the client lacks, the short form of its id. */
export function nameOf(id: string, item: Thing | undefined): string {
  return item ? labelOf(item) : shortId(id);
}

/** Return what an id has after the colon; of a UUID the first eight digits: nobody reads them all. */
export function shortId(id: string): string {
  const name = id.slice(id.indexOf(":") + 1) || id;
  return UUID.exec(name)?.[1] ?? name;
}

/** Whether a label is a name, and not only the beginning of a UUID. */
export function isNamed(id: string, label: string): boolean {
  return label !== shortId(id) || id.endsWith(`:${label}`);
}

/** Return an item's status; `unknown` where no source reports one. */
export function statusOfItem(item: Thing): string {
  return typeof item.status === "string" ? item.status : "unknown";
}
