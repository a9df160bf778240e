import { mix } from "../colour.ts";
import type { Mood, Paints, Shape, Spot } from "../figure.ts";
import { type Load, loadsOf, toneOfShare } from "../loads.ts";
import type { Look } from "../look.ts";
import { MARKS } from "../tones.ts";
import type { TypeRow } from "../types.ts";

/** A tower with a bar for each load. */
export const tower: Look = {
  lot: "works",
  size: 15,
  order: 30,
  tour: 30,
  label: { from: 1.2, weight: 300, size: 11, warns: true, gap: 1.05 },
  draw,
};

const BARS = 3;
const BAR = { step: 5.8, wide: 4, high: 16, foot: 10.6 };

function draw({ x, y, size, item }: Shape, paints: Paints, { tone, alert }: Mood, row: TypeRow): Spot[] {
  const { night } = paints;
  const loads = loadsOf(item, row).slice(0, BARS);
  const badge: Spot[] = alert
    ? [{ frame: "alert", x: x + 10.5, y: y - 12.5, wide: 11, tint: paints.tones[alert] }]
    : [];
  return [
    { frame: "shade", x: x + 2, y: y + 5, wide: 34, high: 34, tint: 0x000000, alpha: night ? 0.3 : 0.09 },
    { frame: "tower", x, y, wide: size * 1.75, high: size * 1.9, tint: night ? 0x8a9ccb : 0x5b678f },
    ...loads.map((load, at) => bar(x, y, load, at, paints)),
    { frame: MARKS[tone], x: x - 6.2, y: y - 9, wide: 6.2, tint: paints.tones[tone] },
    ...badge,
  ];
}

function bar(x: number, y: number, share: Load, at: number, { tones }: Paints): Spot {
  const high = Math.max(0.6, BAR.high * share.load);
  const tone = toneOfShare(share);
  const tint = tone === "good" ? mix(tones.good, tones.busy, at / 3) : tones[tone];
  return { frame: "slab", x: x + (at - 1) * BAR.step, y: y + BAR.foot - high / 2, wide: BAR.wide, high, tint };
}
