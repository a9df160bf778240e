/** The layers of the map that can be shown and hidden: those that a kind leads, and any other in which kinds are at home. */

import type { Scene } from "../client/scene.ts";
import type { Localized } from "../i18n/i18n.tsx";
import type { Figure } from "./figure.ts";
import type { CollectionPath, Kind } from "./kind.ts";
import { collection, collectionsOf, FIGURES, KINDS, layersOf } from "./registry.ts";
import { STANDING_LAYERS } from "./vocabulary.ts";

export type Layer = {
  readonly name: string;
  readonly icon: string;
  readonly words: Localized<{ readonly name: string; readonly hint: string }>;
  /** The collection that its number counts. */
  readonly counted: CollectionPath | undefined;
};

const LAST = 1000;

/** The layers in the order of the switch. */
export const LAYERS: readonly Layer[] = allLayers();
export const LAYER_NAMES: readonly string[] = LAYERS.map(({ name }) => name);

const byName = new Map(LAYERS.map((layer) => [layer.name, layer]));

/** Return a layer that can be switched; undefined for one that only lists have, such as the sums of usage. */
export function layerOf(name: string): Layer | undefined {
  return byName.get(name);
}

/** Return how many things a layer counts. */
export function countOf(scene: Scene, { counted }: Layer): number {
  return counted ? collection(scene, counted).size : 0;
}

/** Return the figures that some layers show. */
export function figuresOf(layers: ReadonlySet<string>): ReadonlySet<Figure> {
  return new Set(FIGURES.filter((figure) => layersOf(figure).some((name) => layers.has(name))));
}

function allLayers(): Layer[] {
  const leads = KINDS.filter(({ layer }) => layer).sort((one, other) => rankOf(one) - rankOf(other));
  const layers = new Map(leads.map((kind) => [kind.layer?.name ?? "", ledBy(kind)]));
  for (const kind of KINDS) {
    const [home] = collectionsOf(kind);
    if (home && kind.figures && !layers.has(home[0])) layers.set(home[0], unled(home[0], kind));
  }
  for (const name of STANDING_LAYERS) if (!layers.has(name)) layers.set(name, unled(name, undefined));
  return [...layers.values()];
}

function rankOf({ layer }: Kind): number {
  return layer?.rank ?? LAST;
}

function ledBy(kind: Kind): Layer {
  const { layer } = kind;
  const name = layer?.name ?? "";
  const words = layer?.words ?? plain(name);
  return { name, icon: layer?.icon ?? kind.icon, words, counted: countedIn(kind, name) };
}

function unled(name: string, kind: Kind | undefined): Layer {
  return { name, icon: kind?.icon ?? "", words: plain(name), counted: kind && countedIn(kind, name) };
}

function countedIn(kind: Kind, name: string): CollectionPath | undefined {
  return collectionsOf(kind).find(([layer]) => layer === name);
}

function plain(name: string): Layer["words"] {
  const words = { name: name.slice(0, 1).toUpperCase() + name.slice(1), hint: name };
  return { en: words, uk: words };
}
