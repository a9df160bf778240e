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

/** The signs of types that have none of their own. */
const PLAIN_ICONS = [
  "M12 18a6 6 0 1 0 0-12 6 6 0 0 0 0 12ZM12 2v4M12 18v4M2 12h4M18 12h4",
  "M12 3l8 4.500v9L12 21l-8-4.500v-9L12 3Z",
  "M12 3l8 4.500v9L12 21l-8-4.500v-9L12 3ZM4 7.500l8 4.500 8-4.500M12 12v9",
  "M12 3l9 9-9 9-9-9 9-9Z",
  "M5 5h14v14H5zM9 9h6v6H9z",
  "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18ZM12 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6Z",
] as const;

const made = new Map<string, Kind>();
const MOST_KEPT = 500;

/** Return the kind of a row. Equal rows give the very same kind, so that what is drawn of it stays. */
export function kindOfRow(row: TypeRow): Kind {
  const key = JSON.stringify(row);
  let kind = made.get(key);
  if (!kind) {
    if (made.size >= MOST_KEPT) made.clear();
    const paths = row.collections.map(({ layer, collection }): CollectionPath => [layer, collection]);
    kind = { ...row, icon: row.icon || PLAIN_ICONS[0], paths, figures: figuresOf(row) };
    made.set(key, kind);
  }
  return kind;
}

/** Return rows of which each has a sign; those without one of their own get different ones, in turn. */
export function withIcons(rows: readonly TypeRow[]): readonly TypeRow[] {
  const plain = rows.filter(({ icon }) => !icon);
  const iconOf = (row: TypeRow) => PLAIN_ICONS[plain.indexOf(row) % PLAIN_ICONS.length] ?? PLAIN_ICONS[0];
  return rows.map((row) => (row.icon ? row : { ...row, icon: iconOf(row) }));
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
