import type { Mood, Paints, Shape, Spot } from "../figure.ts";
import { amount } from "../json.ts";
import type { Kind } from "../kind.ts";

export const channel: Kind = {
  type: "channel",
  icon: "M4 5h16v11H9l-5 4V5ZM8 9h8M8 12h5",
  words: {
    en: {
      name: "Channel",
      plural: "channels",
      count: { one: "channel", other: "channels" },
      referrers: { microdao_id: "channels", last_sender_id: "wrote last in" },
    },
    uk: {
      name: "Канал",
      plural: "канали",
      count: { one: "канал", few: "канали", many: "каналів", other: "каналу" },
      referrers: { microdao_id: "канали", last_sender_id: "останнє повідомлення в каналах" },
    },
  },
  rank: 50,
  // whoever writes last changes with every message
  quiet: ["last_sender_id"],
  layer: {
    name: "messaging",
    rank: 60,
    words: {
      en: { name: "Messaging", hint: "Channels that light up with messages" },
      uk: { name: "Канали", hint: "Канали, що спалахують від повідомлень" },
    },
  },
  figures: [
    {
      name: "channel",
      stands: { on: "lot", lot: "lamps" },
      size: 5.5,
      sources: ["messaging"],
      order: 40,
      tour: 50,
      label: { from: 1.7, weight: 260, size: 11 },
      glows: true,
      draw: lamp,
    },
  ],
};

/** A lamp, brighter the more is written in the channel. */
function lamp({ x, y, size, item }: Shape, paints: Paints, _: Mood): Spot[] {
  const lively = Math.min(1, Math.log2(1 + amount(item.messages_1h)) / 6);
  const isLit = amount(item.messages_24h) > 0 || lively > 0;
  const glow: Spot = {
    frame: "glow",
    x,
    y,
    wide: size * (3.4 + 4 * lively),
    tint: paints.lamp,
    alpha: isLit ? 0.3 + 0.5 * lively : 0,
  };
  return [glow, { frame: "lamp", x, y, wide: size * 1.7, tint: isLit ? paints.lamp : paints.tones.off }];
}
