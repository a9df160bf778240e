import { mix } from "../colour.ts";
import type { Mood, Paints, Shape, Spot } from "../figure.ts";
import type { Look } from "../look.ts";
import { MARKS } from "../tones.ts";

/** A plain mark whose shape is its status; one without a status has the colour of its quarter. */
export const mark: Look = {
  lot: "lamps",
  size: 5.5,
  order: 45,
  tour: 55,
  label: { from: 1.7, weight: 200, size: 11, warns: true },
  draw,
};

function draw({ x, y, size }: Shape, paints: Paints, { hue, tone, alert }: Mood): Spot[] {
  const own = paints.hues[hue % paints.hues.length] ?? paints.accent;
  const plain = mix(own, paints.night ? 0xffffff : 0x000000, 0.18);
  const body: Spot =
    tone === "idle"
      ? { frame: "disc", x, y, wide: size * 1.5, tint: plain }
      : { frame: MARKS[tone], x, y, wide: size * 1.8, tint: paints.tones[tone] };
  return alert ? [body, { frame: "alert", x: x + 6, y: y - 6, wide: 7, tint: paints.tones[alert] }] : [body];
}
