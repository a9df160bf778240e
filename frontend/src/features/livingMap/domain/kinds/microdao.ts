import { mix } from "../colour.ts";
import type { Mood, Paints, Shape, Spot } from "../figure.ts";
import type { Kind } from "../kind.ts";
import { MARKS } from "../tones.ts";

export const microdao: Kind = {
  type: "microdao",
  icon: "M3 21h18M5 21V9l5-3v15M10 21V4l9 4v13M13 10h3M13 14h3M13 18h3M7 12h0M7 16h0",
  words: {
    en: {
      name: "microDAO",
      plural: "microDAOs",
      count: { one: "microDAO", other: "microDAOs" },
      statuses: { hidden: "hidden from the map's account" },
    },
    uk: {
      name: "мікроДАО",
      plural: "мікроДАО",
      count: { one: "мікроДАО", other: "мікроДАО" },
      statuses: { hidden: "приховано від облікового запису мапи" },
    },
  },
  rank: 10,
  tones: { hidden: "off" },
  layer: {
    name: "city",
    rank: 10,
    words: {
      en: { name: "City", hint: "microDAOs as quarters of a city, and its public places" },
      uk: { name: "Місто", hint: "мікроДАО як квартали міста та його громадські місця" },
    },
  },
  figures: [
    {
      name: "microdao",
      stands: { on: "heart" },
      home: ({ id }) => id,
      size: 18,
      sources: ["microdao", "city"],
      order: 20,
      tour: 0,
      label: { from: 0.06, weight: 1000, size: 12, strong: true },
      draw: emblem,
    },
  ],
};

/** An emblem in the colour of the quarter; its alert is the gravest of the machines there. */
function emblem({ x, y, size }: Shape, paints: Paints, { hue, tone, alert }: Mood): Spot[] {
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
    { frame: MARKS[tone], x, y, wide: size * 0.66, tint: tone === "good" ? tint : paints.tones[tone] },
    ...badge,
  ];
}
