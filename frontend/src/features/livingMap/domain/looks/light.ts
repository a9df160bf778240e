import type { Mood, Paints, Shape, Spot } from "../figure.ts";
import { valueAt } from "../json.ts";
import type { Look } from "../look.ts";
import { MARKS } from "../tones.ts";
import type { TypeRow } from "../types.ts";

/** A light whose shape is its status; one that stands out has a ring around it. */
export const light: Look = {
  lot: "homes",
  size: 5.5,
  order: 50,
  tour: 70,
  label: { from: 4.2, weight: 100, size: 11, most: 18 },
  // farther out a light is less than a point of the screen: its quarter's name stands for it
  visibleFrom: 0.05,
  draw,
};

function draw({ x, y, size, item }: Shape, paints: Paints, { tone }: Mood, { highlight }: TypeRow): Spot[] {
  const wide = tone === "off" ? size * 1.3 : tone === "busy" ? size * 2.1 : size * 1.7;
  const alpha = tone === "off" ? 0.75 : 1;
  const mark: Spot = { frame: MARKS[tone], x, y, wide, tint: paints.tones[tone], alpha };
  const ring: Spot = { frame: "hollow", x, y, wide: size * 2.9, tint: paints.accent, alpha: 0.6 };
  return highlight && valueAt(item, highlight) === true ? [mark, ring] : [mark];
}
