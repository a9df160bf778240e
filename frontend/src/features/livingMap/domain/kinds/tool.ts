import type { Kind } from "../kind.ts";

export const tool: Kind = {
  type: "tool",
  icon: "M12 18a6 6 0 1 0 0-12 6 6 0 0 0 0 12ZM12 2v4M12 18v4M2 12h4M18 12h4",
  words: {
    en: { name: "Tool", plural: "tools", count: { one: "tool", other: "tools" } },
    uk: {
      name: "Інструмент",
      plural: "інструменти",
      count: { one: "інструмент", few: "інструменти", many: "інструментів", other: "інструмента" },
    },
  },
  rank: 94,
};
