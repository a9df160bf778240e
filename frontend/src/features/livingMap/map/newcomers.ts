/** Which quarters a scene needs that are not there yet, in the order in which cities grow. */

import type { Item, Scene } from "../client/scene.ts";
import { CIVIC, type Figure, type Lot, layerOfDistrict } from "../domain/figure.ts";
import { text, valueAt } from "../domain/json.ts";
import type { Registry } from "../domain/registry.ts";
import { age, compared, homeOf, itemOf, lotOf } from "./homes.ts";

export type Newcomers = {
  /** The quarter. */
  readonly home: string;
  readonly things: readonly (readonly [Lot, string])[];
  /** The part of the city to which the quarter belongs; empty if it belongs to none. */
  readonly part: string;
};

/** Return what moves into each new quarter, that of the oldest founder first. `fresh` has the items by figure. */
export function newcomersIn(
  fresh: ReadonlyMap<Figure, readonly Item[]>,
  registry: Registry,
  scene: Scene,
  quarters: ReadonlyMap<string, unknown>,
): Newcomers[] {
  const founder = (home: string) => itemOf(scene, [registry.kindOfId(home)], home);
  const rank = (home: string) => (home === CIVIC ? "" : age(founder(home)));
  return [...moving(fresh, registry, scene, quarters)]
    .sort(([one], [other]) => compared(rank(one), rank(other)) || ranked(one, other, registry))
    .map(([home, things]) => ({ home, things, part: partOf(home, founder(home), registry) }));
}

/** Order homes of one age: districts as their layers are ordered, all others by id. */
function ranked(one: string, other: string, registry: Registry): number {
  const at = (home: string) => registry.layers.findIndex(({ name }) => name === layerOfDistrict(home));
  return at(one) - at(other) || compared(one, other);
}

function partOf(home: string, founder: Item | undefined, registry: Registry): string {
  const { group } = registry.kindOfId(home);
  return founder && group ? text(valueAt(founder, group)) : "";
}

function moving(
  fresh: ReadonlyMap<Figure, readonly Item[]>,
  registry: Registry,
  scene: Scene,
  quarters: ReadonlyMap<string, unknown>,
): Map<string, (readonly [Lot, string])[]> {
  const homes = new Map<string, (readonly [Lot, string])[]>();
  for (const [figure, items] of fresh) {
    const kind = registry.kindOfFigure(figure);
    for (const item of kind ? items : []) {
      const home = kind ? homeOf(kind, item, registry, scene) : "";
      const lot = lotOf(figure, home, registry);
      if ((lot || figure.stands.on === "heart") && !quarters.has(home)) {
        const things = homes.get(home) ?? [];
        homes.set(home, things);
        if (lot) things.push([lot, item.id]);
      }
    }
  }
  return homes;
}
