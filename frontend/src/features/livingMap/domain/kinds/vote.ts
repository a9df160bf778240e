import type { Kind } from "../kind.ts";
import { dao } from "./dao.ts";

export const vote: Kind = {
  type: "vote",
  icon: dao.icon,
  words: {
    en: { name: "Vote", plural: "votes", count: { one: "vote", other: "votes" } },
    uk: {
      name: "Голос",
      plural: "голоси",
      count: { one: "голос", few: "голоси", many: "голосів", other: "голосу" },
    },
  },
  rank: 91,
  references: ["proposal_id"],
};
