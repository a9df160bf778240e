/** How a kind of thing looks on the map, and where it stands. What draws it, and on what ground, is the map's business. */

import type { Item } from "../client/scene.ts";
import type { Localized } from "../i18n/i18n.tsx";
import type { Tone } from "./tones.ts";

/** The shapes that everything small is drawn from, white and tinted where they stand. */
export const FRAMES = [
  "disc",
  "target",
  "triangle",
  "cross",
  "hollow",
  "square",
  "glow",
  "pulse",
  "slab",
  "tree",
  "tower",
  "planet",
  "belt",
  "emblem",
  "plaza",
  "lamp",
  "moon",
  "passed",
  "rejected",
  "draft",
  "satellite",
  "alert",
  "fountain",
  "shade",
] as const;
export type Frame = (typeof FRAMES)[number];

/** One drawing: where, how large its ink is, and in which colour. */
export type Spot = {
  readonly frame: Frame;
  readonly x: number;
  readonly y: number;
  readonly wide: number;
  readonly high?: number;
  readonly tint: number;
  readonly alpha?: number;
  readonly turn?: number;
};

/** The colours that figures are drawn in. */
export type Paints = {
  readonly night: boolean;
  readonly hues: readonly number[];
  readonly block: number;
  readonly lamp: number;
  readonly accent: number;
  readonly tones: Readonly<Record<Tone, number>>;
};

/** The quarter of public places in the middle of the city, and the one of what belongs to no microDAO. */
export const CIVIC = "civic";
export const COMMONS = "commons";

/** What the cells of a quarter are used for: each use has places of its own size. */
export type Lot = "homes" | "works" | "lamps" | "place";

/**
 * Where a figure stands: in the middle of the quarter that it founds, on a lot of its quarter, as a planet of its own,
 * on the inner ring around its planet, or in the orbit of each planet that names it.
 */
export type Stand =
  | { readonly on: "heart" }
  | { readonly on: "lot"; readonly lot: Lot }
  | { readonly on: "planet" }
  | { readonly on: "moon" }
  | { readonly on: "orbit" };

export type LabelRule = {
  /** From which magnification on it is called by its name. */
  readonly from: number;
  /** Of two names that overlap, the weightier is written. */
  readonly weight: number;
  readonly size: number;
  /** The longest name in letters; by default 26. */
  readonly most?: number;
  /** Names of places: bold, larger from near, and shown with more around them. */
  readonly strong?: boolean;
  /** Whether trouble colours the name. */
  readonly warns?: boolean;
  /** Between the figure's middle and its name, as a multiple of its size; by default 1.12. */
  readonly gap?: number;
};

/** What a thing is drawn with besides its item: the number of its quarter's colour, its tone, its gravest alert. */
export type Mood = { readonly hue: number; readonly tone: Tone; readonly alert: Tone | null };

export type Figure = {
  readonly name: string;
  readonly stands: Stand;
  /** The quarter or planet to which a thing belongs; by default its microDAO's quarter. */
  readonly home?: (item: Item) => string;
  /** How far it reaches from its middle, in the map's own units. Measured once: nothing swells under a hand. */
  readonly size: number | ((item: Item) => number);
  /** The layers that show it; by default the one in which its kind is at home. */
  readonly layers?: readonly string[];
  /** The sources that report it, the best first. */
  readonly sources: readonly string[];
  /** What it is called where that differs from its kind. */
  readonly words?: Localized<{ readonly name: string; readonly plural: string }>;
  /** Drawn over figures of lower order. */
  readonly order: number;
  /** When Tab reaches it: lower numbers first. */
  readonly tour: number;
  readonly label: LabelRule;
  /** Farther out than this it is not drawn. */
  readonly visibleFrom?: number;
  /** Whether it lights up when something happens, in place of a ring that spreads. */
  readonly glows?: boolean;
  readonly draw: (shape: Shape, paints: Paints, mood: Mood) => readonly Spot[];
};

/** One thing on the map. A node stands there twice: as a building, and in the orbit of its DAO. */
export type Shape = {
  readonly key: string;
  readonly id: string;
  readonly figure: Figure;
  readonly x: number;
  readonly y: number;
  readonly size: number;
  /** The quarter or the planet that it belongs to. */
  readonly home: string;
  readonly item: Item;
};
