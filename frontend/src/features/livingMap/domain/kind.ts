/** One kind of thing, as a file of `kinds/` describes it: everything that panels and map need to know about it. */

import type { Item, Json } from "../client/scene.ts";
import type { Localized, PluralForms } from "../i18n/i18n.tsx";
import type { Figure } from "./figure.ts";
import type { Tone } from "./tones.ts";

export type KindWords = {
  /** Its name where it stands alone: "Agent". */
  readonly name: string;
  /** Several of them: "agents". */
  readonly plural: string;
  /** What goes with a count: "1 agent", "2 agents". */
  readonly count: PluralForms;
  /** By field: what the things that refer by it are called from the other side. */
  readonly referrers?: Readonly<Record<string, string>>;
  /** By field or number: what it is called, where the page has no word for it. */
  readonly fields?: Readonly<Record<string, string>>;
  /** By status: what it is called, where the page has no word for it. */
  readonly statuses?: Readonly<Record<string, string>>;
};

/** A layer that can be shown and hidden, described by the kind that leads it. */
export type LayerLead = {
  readonly name: string;
  /** Its place in the switch, the first lowest. */
  readonly rank: number;
  /** By default the kind's own. */
  readonly icon?: string;
  readonly words: Localized<{ readonly name: string; readonly hint: string }>;
};

export type Kind = {
  /** What its ids begin with: `agent` in `agent:sofia`. */
  readonly type: string;
  /** Lines in a square of 24. */
  readonly icon: string;
  readonly words: Localized<KindWords>;
  /** Its place in lists, the first lowest. */
  readonly rank: number;
  /** Where a scene keeps more of it, besides its home in the vocabulary. */
  readonly elsewhere?: readonly CollectionPath[];
  /** The fields that refer to others, for a kind that has no row in the vocabulary. */
  readonly references?: readonly string[];
  /** References without arcs on the map, because there would be too many to be of use. */
  readonly quiet?: readonly string[];
  /** What reports its condition; by default the field `status`. */
  readonly status?: (item: Item) => Json | undefined;
  /** Statuses that mean something else for it than for others. */
  readonly tones?: Readonly<Record<string, Tone>>;
  /** Under which heading its problems are listed; by default among others. */
  readonly problems?: "nodes" | "agents";
  /** Numbers that it alone has and that its details show. */
  readonly numbers?: readonly string[];
  readonly layer?: LayerLead;
  /** How it looks on the map; without figures it is in lists alone. */
  readonly figures?: readonly Figure[];
};

export type CollectionPath = readonly [layer: string, collection: string];
