/** What the drawings of the map mean on this map: which kinds have which look. */

import type { Kind } from "./kind.ts";
import { LOOKS } from "./looks/index.ts";

export const LEGEND = ["quarter", "light", "tower", "hall", "lamp", "mark", "planet", "moon"] as const;
export type Legend = (typeof LEGEND)[number];

/** Return the looks that things of some kinds have, each with what it shows. */
export function looksOf(
  kinds: readonly Kind[],
): readonly { readonly look: Legend; readonly names: readonly string[] }[] {
  const named = (look: Legend) =>
    kinds
      .filter(({ figures, place, look: own, declared }) => {
        const drawn = place === "district" && own !== "planet" ? "quarter" : LOOKS.has(own) ? own : "mark";
        return figures.length > 0 && drawn === look && declared;
      })
      .map(({ plural, label }) => plural || label);
  return LEGEND.map((look) => ({ look, names: named(look) })).filter(({ names }) => names.length > 0);
}
