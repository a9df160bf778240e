/** What `GET /living-map/types` answers: the types of things and the layers, with words in one language. */

import type { Tone } from "./tones.ts";

export type Key = { readonly layer: string; readonly collection: string };

export type FieldKind = "auto" | "text" | "number" | "ratio" | "bytes" | "seconds" | "time" | "link" | "amounts";

/** A field as people read it. */
export type TypeField = {
  /** Its name, or the way to it: `metrics.cpu`. */
  readonly name: string;
  readonly label: string;
  readonly kind: FieldKind;
  /** Shown after a number. */
  readonly unit: string;
  /** Whether it is a column of the table. */
  readonly table: boolean;
  /** Whether the numbers of several things add up. */
  readonly additive?: boolean;
};

export type TypeRelation = {
  /** The field that holds an id, or a list of ids. */
  readonly field: string;
  /** What the thing there is to this one. */
  readonly label: string;
  /** What those that refer by it are called from the other side. */
  readonly referrers: string;
  /** Whether the map draws arcs to it from the other side, too: some would have too many to be of use. */
  readonly arcs: boolean;
  /** Whether what it refers to circles it on the map. */
  readonly orbit?: boolean;
};

export type TypeRow = {
  /** What its ids begin with: `target` in `target:web-1`. */
  readonly name: string;
  readonly declared: boolean;
  readonly label: string;
  readonly plural: string;
  /** By rule of plurals: what goes with a count. */
  readonly counts: { readonly [Rule in Intl.LDMLPluralRule]?: string };
  /** Lines in a square of 24; empty for a plain sign. */
  readonly icon: string;
  readonly rank: number;
  readonly home: Key;
  /** Every place that has things of it, its home first. */
  readonly collections: readonly Key[];
  /** The field that says how a thing is. */
  readonly status: string;
  readonly statuses: Readonly<Record<string, { readonly tone: Tone; readonly label: string }>>;
  /** The statuses, in the map's own words, that mean something is wrong. */
  readonly trouble: readonly string[];
  readonly fields: readonly TypeField[];
  readonly relations: readonly TypeRelation[];
  readonly place: "district" | "inside" | "orbit" | "list";
  /** The fields that refer to what it stands in; the first that is set counts. */
  readonly within: readonly string[];
  readonly look: string;
  /** The number that makes it larger. */
  readonly size?: string;
  /** The numbers that make it shine, the first by how much it is. */
  readonly glow?: readonly string[];
  /** A field: things of one value stand together, or have one colour. */
  readonly group?: string;
  /** A field that is true of those that stand out. */
  readonly highlight?: string;
  /** The sources that report it, the best first. */
  readonly sources: readonly string[];
};

export type LayerRow = {
  readonly name: string;
  readonly title: string;
  readonly hint: string;
  readonly icon: string;
  /** Whether every snapshot has it. */
  readonly standing: boolean;
};

export type TypeTable = { readonly types: readonly TypeRow[]; readonly layers: readonly LayerRow[] };

export const NO_TYPES: TypeTable = { types: [], layers: [] };
