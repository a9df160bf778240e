import type { Mood, Paints, Shape, Spot } from "../figure.ts";
import { glowOf, isLit, type Look } from "../look.ts";
import type { TypeRow } from "../types.ts";

/** A lamp, brighter the more goes on there. */
export const lamp: Look = {
  lot: "lamps",
  size: 5.5,
  order: 40,
  tour: 50,
  label: { from: 1.7, weight: 260, size: 11 },
  glows: true,
  draw,
};

function draw({ x, y, size, item }: Shape, paints: Paints, _: Mood, row: TypeRow): Spot[] {
  const lively = glowOf(item, row);
  const lit = isLit(item, row);
  const glow: Spot = {
    frame: "glow",
    x,
    y,
    wide: size * (3.4 + 4 * lively),
    tint: paints.lamp,
    alpha: lit ? 0.3 + 0.5 * lively : 0,
  };
  return [glow, { frame: "lamp", x, y, wide: size * 1.7, tint: lit ? paints.lamp : paints.tones.off }];
}
