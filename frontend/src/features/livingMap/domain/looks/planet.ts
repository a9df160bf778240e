import { hash } from "../chance.ts";
import { mix } from "../colour.ts";
import type { Mood, Paints, Shape, Spot } from "../figure.ts";
import { glowOf, type Look } from "../look.ts";
import { MARKS } from "../tones.ts";
import type { TypeRow } from "../types.ts";

const LARGEST = 48;

/** A planet: ten times as large an amount is one step of its size. */
export const planet: Look = {
  lot: "place",
  size: (amount) => Math.min(LARGEST, 26 + 3.4 * Math.log10(1 + amount)),
  order: 60,
  tour: 10,
  label: { from: 0.08, weight: 900, size: 12.5, strong: true },
  draw,
};

function draw({ x, y, size, item }: Shape, paints: Paints, { tone }: Mood, row: TypeRow): Spot[] {
  const { night } = paints;
  const tint = paints.hues[hash(item.id) % paints.hues.length] ?? paints.accent;
  const body = mix(tint, 0xffffff, night ? 0.12 : 0.3);
  const active = glowOf(item, row);
  const [right, top] = [x + size * 0.72, y - size * 0.72];
  const plate: Spot = { frame: "disc", x: right, y: top, wide: 24, tint: night ? 0x0b1230 : 0xffffff };
  const badge: Spot = { frame: MARKS[tone], x: right, y: top, wide: 15, tint: paints.tones[tone] };
  return [
    { frame: "glow", x, y, wide: size * (3 + 1.6 * active), tint, alpha: night ? 0.25 + 0.35 * active : 0.3 },
    { frame: "planet", x, y, wide: size * 2, tint: body },
    {
      frame: "belt",
      x,
      y,
      wide: size * 2.5,
      tint: mix(body, 0xffffff, 0.4),
      alpha: hash(`${item.id}/belt`) % 3 === 0 ? 0.8 : 0,
    },
    ...(tone === "good" || tone === "idle" ? [] : [plate, badge]),
  ];
}
