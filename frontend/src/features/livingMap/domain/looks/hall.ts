import { hash } from "../chance.ts";
import { mix } from "../colour.ts";
import type { Mood, Paints, Shape, Spot } from "../figure.ts";
import { text, valueAt } from "../json.ts";
import { glowOf, type Look } from "../look.ts";
import type { TypeRow } from "../types.ts";

/** A square with a fountain, in the colour of its group; it glows with what goes on there. */
export const hall: Look = {
  lot: "place",
  size: 22,
  order: 10,
  tour: 20,
  label: { from: 0.55, weight: 500, size: 12 },
  draw,
};

function draw({ x, y, size, item }: Shape, paints: Paints, _: Mood, row: TypeRow): Spot[] {
  const hue = hash(text(row.group ? valueAt(item, row.group) : "")) % paints.hues.length;
  const tint = paints.hues[hue] ?? paints.accent;
  const present = glowOf(item, row);
  const { night } = paints;
  return [
    {
      frame: "glow",
      x,
      y,
      wide: size * 4.4,
      tint: night ? tint : mix(tint, 0xffffff, 0.3),
      alpha: 0.12 + 0.4 * present,
    },
    {
      frame: "plaza",
      x,
      y,
      wide: size * 2,
      tint: night ? mix(tint, paints.block, 0.62) : mix(tint, 0xffffff, 0.55),
    },
    {
      frame: "fountain",
      x,
      y,
      wide: size * 0.86,
      tint: night ? mix(tint, 0xffffff, 0.35) : mix(tint, 0x000000, 0.1),
    },
  ];
}
