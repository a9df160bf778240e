/** What circles the planets: what they name themselves, and what belongs to them. */

import type { Item, Scene } from "../client/scene.ts";
import type { Figure } from "../domain/figure.ts";
import { idsIn } from "../domain/json.ts";
import type { CollectionPath, Kind } from "../domain/kind.ts";
import { collection, type Registry } from "../domain/registry.ts";

export type Satellite = { readonly figure: Figure; readonly home: string; readonly id: string };

/** Return the ids of what circles a planet of a kind. */
export function satellitesIn({ relations }: Kind, planet: Item): readonly string[] {
  return relations.flatMap(({ field, orbit }) => (orbit ? idsIn(planet[field]) : []));
}

/** Return by key what circles the planets of a scene: each thing circles one. */
export function satellitesOf(scene: Scene, registry: Registry): ReadonlyMap<string, Satellite> {
  const orbiting = new Map<string, Satellite>();
  for (const kind of registry.kinds) {
    const figure = orbitOf(kind);
    const [home] = kind.paths;
    for (const planet of figure && home ? collection(scene, home).values() : []) {
      for (const id of figure && registry.kindOfId(planet.id) === kind ? satellitesIn(kind, planet) : []) {
        const key = `orbit/${id}`;
        if (figure && !orbiting.has(key)) orbiting.set(key, { figure, home: planet.id, id });
      }
    }
  }
  return orbiting;
}

function orbitOf({ figures }: Kind): Figure | undefined {
  return figures.find(({ stands }) => stands.on === "orbit");
}

/** Return the collections on which orbits depend: those of the planets that have any, and of what is in them. */
export function watchedBy({ kinds }: Registry, orbiting: ReadonlySet<Kind>): readonly CollectionPath[] {
  return kinds.filter((kind) => orbitOf(kind) || orbiting.has(kind)).flatMap(({ paths }) => paths);
}
