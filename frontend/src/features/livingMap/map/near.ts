/** Which things are near enough for a chart beside them: a few in sight, those in trouble first, none over another. */

import type { Shape } from "../domain/figure.ts";
import type { Registry } from "../domain/registry.ts";
import { toneOfItem } from "../domain/status.ts";
import { isTrouble } from "../domain/tones.ts";
import { valuesOf } from "../domain/values.ts";
import { freeOf, type Size, toScreen, type View } from "./camera.ts";
import { type Box, overlaps, type Point, within } from "./geometry.ts";

/** A thing, and the point of the screen above which its chart stands. */
export type Near = { readonly id: string; readonly at: Point };

/** The room that a chart has. */
export const CHART = { width: 132, height: 50 } as const;
/** From this magnification on there is room beside a thing. */
const NEAR_FROM = 3.4;
const MOST = 6;
const AIR = 4;

/** Return which of the things in sight get a chart. */
export function nearIn(shapes: readonly Shape[], view: View, size: Size, registry: Registry): readonly Near[] {
  if (view.zoom < NEAR_FROM) return [];
  const taken: Box[] = [];
  return shapes
    .filter((one) => hasNumbers(one, registry))
    .map((one) => ({ id: one.id, at: above(one, view, size), order: orderOf(one, view, registry) }))
    .sort((one, other) => one.order - other.order)
    .filter(({ at }) => claim(boxOver(at), size, taken))
    .slice(0, MOST)
    .map(({ id, at }) => ({ id, at }));
}

/** A satellite is the sign of a thing that stands elsewhere. */
function hasNumbers({ figure, item }: Shape, registry: Registry): boolean {
  return figure.stands.on !== "orbit" && valuesOf(item, registry.kindOfId(item.id)).size > 0;
}

/** By how far it is from the middle of the view; what is in trouble comes before all else. */
function orderOf({ x, y, item }: Shape, view: View, registry: Registry): number {
  return Math.hypot(x - view.x, y - view.y) - (isTrouble(toneOfItem(item, registry)) ? 1e9 : 0);
}

function above(shape: Shape, view: View, size: Size): Point {
  const { x, y } = toScreen(view, size, shape);
  return { x, y: y - shape.size * view.zoom - AIR };
}

function boxOver({ x, y }: Point): Box {
  return { left: x - CHART.width / 2, right: x + CHART.width / 2, top: y - CHART.height, bottom: y };
}

/** Take a box that is wholly in sight and over no other; return whether it is. */
function claim(box: Box, size: Size, taken: Box[]): boolean {
  const isFree = within(box, freeOf(size)) && !taken.some((one) => overlaps(one, box));
  if (isFree) taken.push(box);
  return isFree;
}
