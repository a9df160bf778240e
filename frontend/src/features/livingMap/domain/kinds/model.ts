import type { Kind } from "../kind.ts";

export const model: Kind = {
  type: "model",
  icon: "M12 18a6 6 0 1 0 0-12 6 6 0 0 0 0 12ZM12 2v4M12 18v4M2 12h4M18 12h4",
  words: {
    en: { name: "Model", plural: "models", count: { one: "model", other: "models" } },
    uk: {
      name: "Модель",
      plural: "моделі",
      count: { one: "модель", few: "моделі", many: "моделей", other: "моделі" },
    },
  },
  rank: 93,
};
