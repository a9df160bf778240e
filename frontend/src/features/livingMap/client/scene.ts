/** The state of the network as a client keeps it: layers of items by id. Immutable; what did not change is shared. */

import type { components } from "./openapi.ts";

export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [name: string]: Json | undefined };

/** One thing of a layer: its id, such as `agent:sofia`, and what its sources report. */
export type Item = { readonly id: string } & Readonly<Record<string, Json>>;

/** The same, where more is known of its fields. Those that no source reports are missing. */
export interface Thing {
  readonly id: string;
  readonly [field: string]: Json | undefined;
}

/** One layer: totals such as a count, and collections of items by id, in order of id as the snapshot lists them. */
export type Layer = {
  readonly totals: Readonly<Record<string, Json>>;
  readonly collections: Readonly<Record<string, ReadonlyMap<string, Item>>>;
};

/** All layers by name. */
export type Scene = Readonly<Record<string, Layer>>;

export const EMPTY_SCENE: Scene = {};

/** One source in `meta.sources` of a snapshot. */
export type SourceBrief = components["schemas"]["SourceFreshness"];
