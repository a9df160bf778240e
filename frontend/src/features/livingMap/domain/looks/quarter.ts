import { mix } from "../colour.ts";
import type { Mood, Paints, Shape, Spot } from "../figure.ts";
import type { Look } from "../look.ts";
import { MARKS } from "../tones.ts";

/** An emblem in the colour of the quarter that it founds; its alert is the gravest of those there. */
export const quarter = {
  lot: "lamps",
  size: 18,
  order: 20,
  tour: 0,
  label: { from: 0.06, weight: 1000, size: 12, strong: true },
  draw,
} satisfies Look;

function draw({ x, y, size }: Shape, paints: Paints, { hue, tone, alert }: Mood): Spot[] {
  const { night } = paints;
  const tint = paints.hues[hue % paints.hues.length] ?? paints.accent;
  const badge: Spot[] = alert
    ? [{ frame: "alert", x: x + size * 0.86, y: y - size * 0.8, wide: 14, tint: paints.tones[alert] }]
    : [];
  return [
    { frame: "shade", x, y: y + 3, wide: size * 3, tint: 0x000000, alpha: night ? 0.3 : 0.07 },
    { frame: "emblem", x, y, wide: size * 2, tint: night ? mix(tint, 0x0a1124, 0.72) : 0xffffff },
    { frame: "emblem", x, y, wide: size * 1.62, tint },
    { frame: "emblem", x, y, wide: size * 1.3, tint: night ? mix(tint, 0x0a1124, 0.78) : 0xffffff },
    {
      frame: tone === "idle" ? "disc" : MARKS[tone],
      x,
      y,
      wide: size * 0.66,
      tint: tone === "good" || tone === "idle" ? tint : paints.tones[tone],
    },
    ...badge,
  ];
}
