import type { Kind } from "../kind.ts";
import { dao } from "./dao.ts";

export const space: Kind = {
  type: "space",
  icon: dao.layer?.icon ?? dao.icon,
  words: {
    en: { name: "Planet", plural: "planets", count: { one: "planet", other: "planets" } },
    uk: {
      name: "Планета",
      plural: "планети",
      count: { one: "планета", few: "планети", many: "планет", other: "планети" },
    },
  },
  rank: 90,
};
