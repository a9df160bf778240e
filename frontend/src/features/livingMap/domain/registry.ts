/** Every kind of thing: those of `kinds/`, and a generic one for each type that only the vocabulary lists. */

import type { Item, Scene } from "../client/scene.ts";
import { typeOf } from "./entities.ts";
import type { Figure } from "./figure.ts";
import { genericKind } from "./generic.ts";
import type { CollectionPath, Kind } from "./kind.ts";
import { DECLARED } from "./kinds/index.ts";
import { TYPES } from "./vocabulary.ts";

const kinds = new Map(DECLARED.map((kind) => [kind.type, kind]));
for (const type of Object.keys(TYPES)) if (!kinds.has(type)) kinds.set(type, genericKind(type));

/** The kinds in the order in which lists show them. */
export const KINDS: readonly Kind[] = [...kinds.values()].sort((one, other) => one.rank - other.rank);

/** Return the kind of a type such as `agent`. */
export function kindOf(type: string): Kind {
  return kinds.get(type) ?? genericKind(type);
}

export function kindOfId(id: string): Kind {
  return kindOf(typeOf(id));
}

/** Return where a scene keeps things of a kind, the most complete first. */
export function collectionsOf({ type, elsewhere = [] }: Kind): readonly CollectionPath[] {
  const row = Object.hasOwn(TYPES, type) ? TYPES[type] : undefined;
  return row ? [[row.home, row.collection], ...elsewhere] : elsewhere;
}

/** The map's figures in the order in which they are drawn, one over the other. */
export const FIGURES: readonly Figure[] = KINDS.flatMap(({ figures = [] }) => figures).sort(
  (one, other) => one.order - other.order,
);

const owners = new Map(KINDS.flatMap((kind) => (kind.figures ?? []).map((figure) => [figure, kind] as const)));

/** Return the kind that a figure shows. */
export function kindOfFigure(figure: Figure): Kind {
  return owners.get(figure) ?? genericKind(figure.name);
}

/** Return the layers that show a figure. */
export function layersOf(figure: Figure): readonly string[] {
  if (figure.layers) return figure.layers;
  const [home] = collectionsOf(kindOfFigure(figure));
  return home ? [home[0]] : [];
}

const NO_ITEMS: ReadonlyMap<string, Item> = new Map();

/** Return what a collection of a scene holds; nothing if the scene has no such collection. */
export function collection(scene: Scene, [layer, name]: CollectionPath): ReadonlyMap<string, Item> {
  return scene[layer]?.collections[name] ?? NO_ITEMS;
}
