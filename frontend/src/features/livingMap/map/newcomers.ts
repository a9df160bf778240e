/** Which quarters and planets a scene needs that are not there yet, in the order in which cities grow. */

import type { Item, Scene } from "../client/scene.ts";
import type { Figure } from "../domain/figure.ts";
import { homeOf } from "../domain/homes.ts";
import type { Registry } from "../domain/registry.ts";
import { compared, foundedAt } from "./homes.ts";

/** A quarter or a planet, and since when there is one; AGELESS if nobody says so. */
export type Newcomer = { readonly home: string; readonly age: string };

/** Return the homes of some things that are not among `existing`. `fresh` has the things by figure. */
export function newcomersIn(
  fresh: ReadonlyMap<Figure, readonly Item[]>,
  registry: Registry,
  scene: Scene,
  existing: ReadonlyMap<string, unknown>,
): Newcomer[] {
  const homes = new Map<string, Newcomer>();
  for (const [figure, items] of fresh) {
    const kind = registry.kindOfFigure(figure);
    for (const item of kind ? items : []) {
      const home = kind ? homeOf(kind, item, registry, scene) : "";
      if (!existing.has(home) && !homes.has(home))
        homes.set(home, { home, age: foundedAt(home, registry, scene) });
    }
  }
  return [...homes.values()];
}

/** Order homes, that of the oldest founder first. */
export function byFounding(one: Newcomer, other: Newcomer): number {
  return compared(one.age, other.age) || compared(one.home, other.home);
}
