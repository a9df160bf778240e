import type { Frame, Mood, Paints, Shape, Spot } from "../figure.ts";
import { text } from "../json.ts";
import type { Kind } from "../kind.ts";
import { dao } from "./dao.ts";

export const proposal: Kind = {
  type: "proposal",
  icon: dao.icon,
  words: {
    en: {
      name: "Proposal",
      plural: "proposals",
      count: { one: "proposal", other: "proposals" },
      referrers: { dao_id: "proposals" },
      statuses: { draft: "draft", passed: "passed", rejected: "rejected", executed: "executed" },
    },
    uk: {
      name: "Пропозиція",
      plural: "пропозиції",
      count: { one: "пропозиція", few: "пропозиції", many: "пропозицій", other: "пропозиції" },
      referrers: { dao_id: "пропозиції" },
      statuses: { draft: "чернетка", passed: "ухвалено", rejected: "відхилено", executed: "виконано" },
    },
  },
  rank: 70,
  elsewhere: [["dao", "proposals"]],
  references: ["dao_id"],
  quiet: ["dao_id"],
  tones: { passed: "good", executed: "good", rejected: "bad", draft: "idle" },
  layer: {
    name: "dao",
    rank: 50,
    words: {
      en: { name: "DAO", hint: "Proposals and votes" },
      uk: { name: "ДАО", hint: "Пропозиції та голоси" },
    },
  },
  figures: [
    {
      name: "proposal",
      stands: { on: "moon" },
      home: (item) => text(item.dao_id),
      size: 6,
      sources: ["dao"],
      order: 80,
      tour: 40,
      label: { from: 1.5, weight: 280, size: 11 },
      draw: moon,
    },
  ],
};

const MOONS: ReadonlyMap<string, Frame> = new Map<string, Frame>([
  ["passed", "passed"],
  ["executed", "passed"],
  ["rejected", "rejected"],
  ["draft", "draft"],
]);

/** A moon that shows how the vote ended; one that is still voted on shines. */
function moon({ x, y, size, item }: Shape, paints: Paints, { tone }: Mood): Spot[] {
  const status = text(item.status);
  const isOpen = status === "active";
  const tint = isOpen ? paints.lamp : paints.tones[tone];
  const body: Spot = {
    frame: MOONS.get(status) ?? "moon",
    x,
    y,
    wide: size * (isOpen ? 2.1 : 1.7),
    tint,
    alpha: isOpen ? 1 : 0.85,
  };
  return isOpen ? [{ frame: "glow", x, y, wide: size * 5, tint, alpha: 0.6 }, body] : [body];
}
