import type { Mood, Paints, Shape, Spot } from "../figure.ts";
import type { Kind } from "../kind.ts";
import { MARKS } from "../tones.ts";

export const agent: Kind = {
  type: "agent",
  icon: "M12 4v3M6 9h12v9H6zM9.500 13h.01M14.500 13h.01M3 12v3M21 12v3M12 4h.01",
  words: {
    en: {
      name: "Agent",
      plural: "agents",
      count: { one: "agent", other: "agents" },
      referrers: { microdao_id: "agents", node_id: "agents", room_id: "agents here" },
    },
    uk: {
      name: "Агент",
      plural: "агенти",
      count: { one: "агент", few: "агенти", many: "агентів", other: "агента" },
      referrers: { microdao_id: "агенти", node_id: "агенти", room_id: "агенти тут" },
    },
  },
  rank: 40,
  quiet: ["microdao_id"],
  problems: "agents",
  layer: {
    name: "agents",
    rank: 40,
    words: {
      en: { name: "Agents", hint: "Agents: where they live and what they are doing" },
      uk: { name: "Агенти", hint: "Агенти: де живуть і що роблять" },
    },
  },
  figures: [
    {
      name: "agent",
      stands: { on: "lot", lot: "homes" },
      size: 5.5,
      sources: ["agents", "city"],
      order: 50,
      tour: 70,
      label: { from: 4.2, weight: 100, size: 11, most: 18 },
      // farther out an agent is less than a point of the screen: its quarter's name stands for it
      visibleFrom: 0.05,
      draw: light,
    },
  ],
};

/** A light whose shape is its status; an orchestrator's has a ring around it. */
function light({ x, y, size, item }: Shape, paints: Paints, { tone }: Mood): Spot[] {
  const wide = tone === "off" ? size * 1.3 : tone === "busy" ? size * 2.1 : size * 1.7;
  const alpha = tone === "off" ? 0.75 : 1;
  const mark: Spot = { frame: MARKS[tone], x, y, wide, tint: paints.tones[tone], alpha };
  const ring: Spot = { frame: "hollow", x, y, wide: size * 2.9, tint: paints.accent, alpha: 0.6 };
  return item.is_orchestrator === true ? [mark, ring] : [mark];
}
