/** One kind of thing: everything that panels and map need to know of a type. */

import type { Figure } from "./figure.ts";
import { figuresOf } from "./figures.ts";
import type { TypeRow } from "./types.ts";

export type CollectionPath = readonly [layer: string, collection: string];

export type Kind = TypeRow & {
  /** Where a scene keeps things of it, its home first; empty for a type that is nowhere. */
  readonly paths: readonly CollectionPath[];
  /** How it looks on the map; without figures it is in lists alone. */
  readonly figures: readonly Figure[];
};

const PLAIN_ICON = "M12 18a6 6 0 1 0 0-12 6 6 0 0 0 0 12ZM12 2v4M12 18v4M2 12h4M18 12h4";

const made = new Map<string, Kind>();
const MOST_KEPT = 500;

/** Return the kind of a row. Equal rows give the very same kind, so that what is drawn of it stays. */
export function kindOfRow(row: TypeRow): Kind {
  const key = JSON.stringify(row);
  let kind = made.get(key);
  if (!kind) {
    if (made.size >= MOST_KEPT) made.clear();
    const paths = row.collections.map(({ layer, collection }): CollectionPath => [layer, collection]);
    kind = { ...row, icon: row.icon || PLAIN_ICON, paths, figures: figuresOf(row) };
    made.set(key, kind);
  }
  return kind;
}

/** Return the row of a type that no plugin has declared, and that a scene keeps in some collections. */
export function undeclared(name: string, paths: readonly CollectionPath[]): TypeRow {
  const readable = name.replaceAll(/[_-]/g, " ");
  const label = readable.slice(0, 1).toUpperCase() + readable.slice(1);
  const collections = paths.map(([layer, collection]) => ({ layer, collection }));
  return {
    name,
    declared: false,
    label,
    plural: readable,
    counts: {},
    icon: "",
    rank: 900,
    home: collections[0] ?? { layer: "", collection: "" },
    collections,
    status: "status",
    statuses: {},
    trouble: ["degraded", "offline"],
    fields: [],
    relations: [],
    place: "inside",
    within: [],
    look: "mark",
    sources: [],
  };
}

/** Whether a kind is at home in a layer. */
export function isAtHome({ home }: Kind, layer: string): boolean {
  return home.layer === layer;
}
