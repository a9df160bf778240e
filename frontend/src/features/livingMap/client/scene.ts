/** The state of the network as a client keeps it: layers of items by id. Immutable; what did not change is shared. */

import type { components } from "./openapi.ts";

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/** One thing of a layer: its id, such as `agent:sofia`, and what the sources say of it. */
export type Item = { readonly id: string } & Readonly<Record<string, Json>>;

/** One layer: totals such as a count, and collections of items by id, in order of id as the snapshot lists them. */
export type Layer = {
  readonly totals: Readonly<Record<string, Json>>;
  readonly collections: Readonly<Record<string, ReadonlyMap<string, Item>>>;
};

/** All layers by name. */
export type Scene = Readonly<Record<string, Layer>>;

export const EMPTY_SCENE: Scene = {};

/** What `meta.sources` of a snapshot says of one source. */
export type SourceBrief = components["schemas"]["SourceFreshness"];

/** The layers of the map that can be shown and hidden. */
export const LAYER_NAMES = ["city", "space", "nodes", "agents", "dao", "messaging"] as const;
export type LayerName = (typeof LAYER_NAMES)[number];

/** Something that happened to an item just now, to be shown where it stands. */
export type Pulse = {
  readonly id: string;
  readonly layer: string;
  readonly eventType: string;
};

/** Hands out pulses as they happen; call the answer to stop listening. */
export type PulseFeed = {
  subscribe(listener: (pulses: readonly Pulse[]) => void): () => void;
};

/** Where the map is looked at: the centre in the map's own units, and how much it is magnified. */
export type MapView = { readonly x: number; readonly y: number; readonly zoom: number };
