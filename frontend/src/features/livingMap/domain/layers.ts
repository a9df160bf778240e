/** The layers of the map: those that can be shown and hidden, and those that lists alone have. */

import type { Scene } from "../client/scene.ts";
import { typesIn } from "./entities.ts";
import { isAtHome, type Kind } from "./kind.ts";
import type { LayerRow } from "./types.ts";

export type Layer = {
  readonly name: string;
  readonly title: string;
  readonly hint: string;
  readonly icon: string;
  /** The kinds that are at home there. */
  readonly kinds: readonly Kind[];
  /** Whether anything of it can stand on the map, so that it can be shown and hidden. */
  readonly isOnMap: boolean;
};

/** Return the layers in the order of the switch: as the kinds rank that are at home there; last those without any. */
export function layersOf(rows: readonly LayerRow[], kinds: readonly Kind[]): readonly Layer[] {
  const homes = kinds.map(({ home }) => home.layer).filter(Boolean);
  const declared = new Map(rows.map((row) => [row.name, row]));
  return [...new Set([...homes, ...declared.keys()])].map((name) => layerOf(name, declared.get(name), kinds));
}

function layerOf(name: string, row: LayerRow | undefined, kinds: readonly Kind[]): Layer {
  const own = kinds.filter((kind) => isAtHome(kind, name));
  const title = row?.title || name.slice(0, 1).toUpperCase() + name.slice(1).replaceAll(/[_-]/g, " ");
  return {
    name,
    title,
    hint: row?.hint ?? "",
    icon: row?.icon || (own[0]?.icon ?? ""),
    kinds: own,
    isOnMap: row?.standing === true || own.some(({ figures }) => figures.length > 0),
  };
}

/** Return how many things a layer has at home of each kind that stands on the map. */
export function countsOf(scene: Scene, { kinds }: Layer): readonly (readonly [Kind, number])[] {
  return kinds
    .filter(({ figures }) => figures.length > 0)
    .map((kind) => [kind, countIn(scene, kind)] as const)
    .filter(([, count]) => count > 0);
}

/** Return how many things of a kind a scene has at their home. */
export function countIn(scene: Scene, { name, home }: Kind): number {
  const items = scene[home.layer]?.collections[home.collection];
  return items ? (typesIn(items).get(name) ?? 0) : 0;
}
