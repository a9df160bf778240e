/** How a kind of thing looks on the map, and where it stands. What draws it, and on what ground, is the map's business. */

import type { Item } from "../client/scene.ts";
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
  "ghost",
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

/** The quarter of public places in the middle of the city. */
export const CIVIC = "civic";

const DISTRICT = "layer/";

/** Return the quarter of a layer's things that stand in no other. */
export function districtOf(layer: string): string {
  return DISTRICT + layer;
}

/** Return the layer of a district; undefined for whatever else has a quarter. */
export function layerOfDistrict(id: string): string | undefined {
  return id.startsWith(DISTRICT) ? id.slice(DISTRICT.length) : undefined;
}

/** What the cells of a quarter are used for: each use has places of its own size. */
export type Lot = "homes" | "works" | "lamps" | "place";

/**
 * Where a figure stands: in the middle of the quarter that it founds, on a lot of its quarter, as a planet of its own,
 * or in the orbit of each planet that names it. What belongs to a planet stands on the inner rings around that.
 */
export type Stand =
  | { readonly on: "heart" }
  | { readonly on: "lot"; readonly lot: Lot }
  | { readonly on: "planet" }
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
  /** The type that it shows; null for one that shows several. */
  readonly type: string | null;
  readonly stands: Stand;
  /** How far it reaches from its middle, in the map's own units. Measured once: nothing swells under a hand. */
  readonly size: number | ((item: Item) => number);
  /** How much weightier than others its name is, on a scale of some tens. */
  readonly weight: (item: Item) => number;
  /** The layers that show it. */
  readonly layers: readonly string[];
  /** The sources that report it, the best first. */
  readonly sources: readonly string[];
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

/** One thing on the map. Some stand there twice: in a quarter, and in the orbit of a planet. */
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
