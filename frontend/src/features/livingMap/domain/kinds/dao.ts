import type { Item } from "../../client/scene.ts";
import { hash } from "../chance.ts";
import { mix } from "../colour.ts";
import type { Mood, Paints, Shape, Spot } from "../figure.ts";
import { amount } from "../json.ts";
import type { Kind } from "../kind.ts";
import { MARKS } from "../tones.ts";

export const dao: Kind = {
  type: "dao",
  icon: "M12 3 4 7v1h16V7l-8-4ZM6 11v6M10 11v6M14 11v6M18 11v6M4 20h16",
  words: {
    en: {
      name: "DAO",
      plural: "DAOs",
      count: { one: "DAO", other: "DAOs" },
      referrers: { microdao_id: "DAOs", orbits: "DAOs" },
      statuses: { good: "good", warn: "attention", critical: "critical" },
    },
    uk: {
      name: "ДАО",
      plural: "ДАО",
      count: { one: "ДАО", other: "ДАО" },
      referrers: { microdao_id: "ДАО", orbits: "ДАО" },
      statuses: { good: "добре", warn: "увага", critical: "критично" },
    },
  },
  rank: 20,
  elsewhere: [["dao", "items"]],
  // its health is measured on a scale of its own
  status: ({ health, status }) => health ?? status,
  tones: { good: "good", green: "good", warn: "warn", yellow: "warn", critical: "bad", red: "bad" },
  layer: {
    name: "space",
    rank: 20,
    icon: "M12 17a5 5 0 1 0 0-10 5 5 0 0 0 0 10ZM3.5 16.5c1.5 2 6.500-.2 10.500-3.300s7.500-7 6.500-9-5-.5-8 1.500",
    words: {
      en: { name: "Space", hint: "DAOs as planets, with their nodes in orbit" },
      uk: { name: "Космос", hint: "ДАО як планети з нодами на орбітах" },
    },
  },
  figures: [
    {
      name: "dao",
      stands: { on: "planet" },
      home: ({ id }) => id,
      size: girth,
      layers: ["space", "dao"],
      sources: ["dao", "space"],
      order: 60,
      tour: 10,
      label: { from: 0.08, weight: 900, size: 12.5, strong: true },
      draw: planet,
    },
  ],
};

const LARGEST = 48;

/** A planet's size follows its treasury: ten times as much is one step. */
function girth({ treasury }: Item): number {
  const amount = Math.max(0, Number(treasury ?? 0) || 0);
  return Math.min(LARGEST, 26 + 3.4 * Math.log10(1 + amount));
}

function planet({ x, y, size, item }: Shape, paints: Paints, { tone }: Mood): Spot[] {
  const { night } = paints;
  const tint = paints.hues[hash(item.id) % paints.hues.length] ?? paints.accent;
  const body = mix(tint, 0xffffff, night ? 0.12 : 0.3);
  const active = Math.min(1, amount(item.activity));
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
    ...(tone === "good" ? [] : [plate, badge]),
  ];
}
