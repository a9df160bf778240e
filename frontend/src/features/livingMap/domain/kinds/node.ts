import { hash } from "../chance.ts";
import { mix } from "../colour.ts";
import type { Mood, Paints, Shape, Spot } from "../figure.ts";
import type { Kind } from "../kind.ts";
import { loadsOf, toneOfLoad } from "../loads.ts";
import { MARKS } from "../tones.ts";

export const node: Kind = {
  type: "node",
  icon: "M4 5h16v5H4zM4 14h16v5H4zM7.500 7.500h.01M7.500 16.500h.01M11 7.500h6M11 16.500h6",
  words: {
    en: {
      name: "Node",
      plural: "nodes",
      count: { one: "node", other: "nodes" },
      referrers: { microdao_id: "nodes", microdao_ids: "nodes" },
    },
    uk: {
      name: "Нода",
      plural: "ноди",
      count: { one: "нода", few: "ноди", many: "нод", other: "ноди" },
      referrers: { microdao_id: "ноди", microdao_ids: "ноди" },
    },
  },
  rank: 30,
  elsewhere: [["space", "nodes"]],
  problems: "nodes",
  layer: {
    name: "nodes",
    rank: 30,
    words: {
      en: { name: "Nodes", hint: "Machines: how loaded they are, and what is wrong with them" },
      uk: { name: "Ноди", hint: "Машини: наскільки завантажені та що з ними не так" },
    },
  },
  figures: [
    {
      name: "node",
      stands: { on: "lot", lot: "works" },
      size: 15,
      sources: ["space", "city"],
      order: 30,
      tour: 30,
      label: { from: 1.2, weight: 300, size: 11, warns: true, gap: 1.05 },
      draw: tower,
    },
    {
      name: "orbit",
      stands: { on: "orbit" },
      size: 7,
      layers: ["space"],
      sources: ["space"],
      words: {
        en: { name: "node in orbit", plural: "nodes" },
        uk: { name: "нода на орбіті", plural: "ноди" },
      },
      order: 70,
      tour: 60,
      label: { from: 1.5, weight: 250, size: 11 },
      draw: satellite,
    },
  ],
};

const IDLE = { cpu: 0, gpu: 0, memory: 0 };
const BAR = { step: 5.8, wide: 4, high: 16, foot: 10.6 };

/** A tower with a bar for each load. */
function tower({ x, y, size, item }: Shape, paints: Paints, { tone, alert }: Mood): Spot[] {
  const { night } = paints;
  const { cpu, gpu, memory } = loadsOf(item) ?? IDLE;
  const badge: Spot[] = alert
    ? [{ frame: "alert", x: x + 10.5, y: y - 12.5, wide: 11, tint: paints.tones[alert] }]
    : [];
  return [
    { frame: "shade", x: x + 2, y: y + 5, wide: 34, high: 34, tint: 0x000000, alpha: night ? 0.3 : 0.09 },
    { frame: "tower", x, y, wide: size * 1.75, high: size * 1.9, tint: night ? 0x8a9ccb : 0x5b678f },
    ...[cpu, gpu, memory].map((load, at) => bar(x, y, load, at, paints)),
    { frame: MARKS[tone], x: x - 6.2, y: y - 9, wide: 6.2, tint: paints.tones[tone] },
    ...badge,
  ];
}

function bar(x: number, y: number, load: number, at: number, { tones }: Paints): Spot {
  const high = Math.max(0.6, BAR.high * load);
  const tone = toneOfLoad(load);
  const tint = tone === "good" ? mix(tones.good, tones.busy, at / 3) : tones[tone];
  return { frame: "slab", x: x + (at - 1) * BAR.step, y: y + BAR.foot - high / 2, wide: BAR.wide, high, tint };
}

function satellite({ x, y, size, item }: Shape, paints: Paints, { tone, alert }: Mood): Spot[] {
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
