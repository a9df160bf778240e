import type { Kind } from "../kind.ts";

export const treasury: Kind = {
  type: "treasury",
  icon: "M12 18a6 6 0 1 0 0-12 6 6 0 0 0 0 12ZM12 2v4M12 18v4M2 12h4M18 12h4",
  words: {
    en: { name: "Treasury", plural: "treasuries", count: { one: "treasury", other: "treasuries" } },
    uk: {
      name: "Скарбниця",
      plural: "скарбниці",
      count: { one: "скарбниця", few: "скарбниці", many: "скарбниць", other: "скарбниці" },
    },
  },
  rank: 92,
  references: ["dao_id"],
};
