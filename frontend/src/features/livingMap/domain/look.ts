/** How things look on the map, whatever they are: a look is a drawing and the ground that it needs. */

import type { Item } from "../client/scene.ts";
import type { LabelRule, Lot, Mood, Paints, Shape, Spot } from "./figure.ts";
import { numberAt } from "./json.ts";
import type { TypeRow } from "./types.ts";

export type Look = {
  /** The use of the ground on which it stands. */
  readonly lot: Lot;
  /** How far it reaches from its middle; `amount` is the number that makes it larger. */
  readonly size: number | ((amount: number) => number);
  readonly order: number;
  readonly tour: number;
  readonly label: LabelRule;
  readonly visibleFrom?: number;
  readonly glows?: boolean;
  readonly draw: (shape: Shape, paints: Paints, mood: Mood, row: TypeRow) => readonly Spot[];
};

/** Return the number that makes a thing larger; 0 for one that has none. */
export function amountOf(item: Item, { size }: TypeRow): number {
  return size ? Math.max(0, numberAt(item, size) ?? 0) : 0;
}

/** Return how much a thing shines, from 0 to 1. */
export function glowOf(item: Item, { glow = [], fields }: TypeRow): number {
  const [name] = glow;
  const value = Math.max(0, (name && numberAt(item, name)) || 0);
  const isShare = fields.some((field) => field.name === name && field.kind === "ratio");
  return Math.min(1, isShare ? value : Math.log2(1 + value) / 6);
}

/** Whether any of the numbers that make a thing shine is above 0. */
export function isLit(item: Item, { glow = [] }: TypeRow): boolean {
  return glow.some((name) => (numberAt(item, name) ?? 0) > 0);
}
