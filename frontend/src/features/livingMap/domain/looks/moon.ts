import type { Frame, Mood, Paints, Shape, Spot } from "../figure.ts";
import type { Look } from "../look.ts";
import type { Tone } from "../tones.ts";

/** A moon that shows how something ended; while it goes on, it shines. */
export const moon: Look = {
  lot: "lamps",
  size: 6,
  order: 80,
  tour: 40,
  label: { from: 1.5, weight: 280, size: 11 },
  draw,
};

const FRAMES: Readonly<Record<Tone, Frame>> = {
  good: "passed",
  busy: "moon",
  warn: "moon",
  bad: "rejected",
  off: "rejected",
  idle: "draft",
};

function draw({ x, y, size }: Shape, paints: Paints, { tone }: Mood): Spot[] {
  const isOpen = tone === "busy";
  const tint = isOpen ? paints.lamp : paints.tones[tone === "off" ? "bad" : tone];
  const body: Spot = {
    frame: FRAMES[tone],
    x,
    y,
    wide: size * (isOpen ? 2.1 : 1.7),
    tint,
    alpha: isOpen ? 1 : 0.85,
  };
  return isOpen ? [{ frame: "glow", x, y, wide: size * 5, tint, alpha: 0.6 }, body] : [body];
}
