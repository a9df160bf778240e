import { hash } from "../chance.ts";
import { mix } from "../colour.ts";
import { CIVIC, type Mood, type Paints, type Shape, type Spot } from "../figure.ts";
import { amount, text } from "../json.ts";
import type { Kind } from "../kind.ts";

export const city: Kind = {
  type: "city",
  icon: "M3 6l6-2 6 2 6-2v14l-6 2-6-2-6 2V6ZM9 4v14M15 6v14",
  words: {
    en: {
      name: "Public place",
      plural: "public places",
      count: { one: "public place", other: "public places" },
      referrers: { microdao_id: "public places" },
    },
    uk: {
      name: "Громадське місце",
      plural: "громадські місця",
      count: {
        one: "громадське місце",
        few: "громадські місця",
        many: "громадських місць",
        other: "громадського місця",
      },
      referrers: { microdao_id: "громадські місця" },
    },
  },
  rank: 60,
  figures: [
    {
      name: "city",
      stands: { on: "lot", lot: "place" },
      home: (item) => text(item.microdao_id) || CIVIC,
      size: 22,
      sources: ["city"],
      order: 10,
      tour: 20,
      label: { from: 0.55, weight: 500, size: 12 },
      draw: square,
    },
  ],
};

const HUES: ReadonlyMap<string, number> = new Map<string, number>([
  ["district", 7],
  ["public", 1],
  ["social", 8],
  ["science", 6],
  ["builders", 0],
  ["energy", 3],
]);

/** A square with a fountain, in the colour of what it is for; it glows with the people on it. */
function square({ x, y, size, item }: Shape, paints: Paints, _: Mood): Spot[] {
  const purpose = text(item.room_type);
  const hue = HUES.get(purpose) ?? hash(purpose) % paints.hues.length;
  const tint = paints.hues[hue] ?? paints.accent;
  const present = Math.min(1, amount(item.members_online) / 8);
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
