/** Which quarters a scene needs that are not there yet, in the order in which cities grow. */

import type { Item, Scene } from "../client/scene.ts";
import { CIVIC, COMMONS, type Figure, type Lot } from "../domain/figure.ts";
import { text } from "../domain/json.ts";
import { KINDS } from "../domain/registry.ts";
import { age, compared, homeOf, itemOf, lotOf } from "./homes.ts";

export type Newcomers = {
  /** The quarter. */
  readonly home: string;
  readonly things: readonly (readonly [Lot, string])[];
  /** The part of the city to which the quarter belongs; empty if it belongs to none. */
  readonly part: string;
};

/** The kinds of which each thing has a quarter of its own. */
const FOUNDERS = KINDS.filter(({ figures = [] }) => figures.some(({ stands }) => stands.on === "heart"));

/** Return what moves into each new quarter, the quarter of the oldest microDAO first. `fresh` has the items by figure. */
export function newcomersIn(
  figures: readonly Figure[],
  fresh: readonly (readonly Item[])[],
  scene: Scene,
  quarters: ReadonlyMap<string, unknown>,
): Newcomers[] {
  const founder = (home: string) => itemOf(scene, FOUNDERS, home);
  const rank = (home: string) => (home === CIVIC ? "" : home === COMMONS ? "~~" : age(founder(home)));
  return [...moving(figures, fresh, quarters)]
    .sort(([one], [other]) => compared(rank(one), rank(other)) || compared(one, other))
    .map(([home, things]) => ({ home, things, part: text(founder(home)?.district) }));
}

function moving(
  figures: readonly Figure[],
  fresh: readonly (readonly Item[])[],
  quarters: ReadonlyMap<string, unknown>,
): Map<string, (readonly [Lot, string])[]> {
  const homes = new Map<string, (readonly [Lot, string])[]>();
  figures.forEach((figure, index) => {
    const lot = lotOf(figure);
    for (const item of lot || figure.stands.on === "heart" ? (fresh[index] ?? []) : []) {
      const home = homeOf(figure, item);
      if (!quarters.has(home)) {
        const things = homes.get(home) ?? [];
        homes.set(home, things);
        if (lot) {
          things.push([lot, item.id]);
        }
      }
    }
  });
  return homes;
}
