import { hash } from "../chance.ts";
import type { Mood, Paints, Shape, Spot } from "../figure.ts";
import type { Look } from "../look.ts";
import { MARKS } from "../tones.ts";

/** A satellite; one in trouble is a mark instead. */
export const satellite: Look = {
  lot: "lamps",
  size: 7,
  order: 70,
  tour: 60,
  label: { from: 1.5, weight: 250, size: 11 },
  draw,
};

function draw({ x, y, size, item }: Shape, paints: Paints, { tone, alert }: Mood): Spot[] {
  const isGood = tone === "good";
  const turn = isGood ? (hash(item.id) % 628) / 100 : 0;
  const body: Spot = {
    frame: isGood ? "satellite" : MARKS[tone],
    x,
    y,
    wide: size * 1.9,
    tint: paints.tones[tone],
    turn,
  };
  return alert ? [body, { frame: "alert", x: x + 7, y: y - 7, wide: 8, tint: paints.tones[alert] }] : [body];
}
