/** Every kind of thing and every layer of a map, as its plugins declare them and its snapshot shows them. */

import type { Item, Scene } from "../client/scene.ts";
import { type Found, findItem, typeOf, typesIn } from "./entities.ts";
import type { Figure } from "./figure.ts";
import { districtFigure } from "./figures.ts";
import { type CollectionPath, type Kind, kindOfRow, undeclared, withIcons } from "./kind.ts";
import { type Layer, layersOf } from "./layers.ts";
import { NO_TYPES, type TypeRow, type TypeTable } from "./types.ts";

/** The types that a scene shows, each with the collections that have it. */
export type Observed = ReadonlyMap<string, readonly CollectionPath[]>;

const NONE: Observed = new Map();

/** A value: another answer of the map, or a type that nobody has seen before, makes another registry. */
export class Registry {
  /** The kinds in the order in which lists show them. */
  readonly kinds: readonly Kind[];
  /** The layers that can be shown and hidden, in the order of the switch. */
  readonly layers: readonly Layer[];
  /** The map's figures in the order in which they are drawn, one over the other. */
  readonly figures: readonly Figure[];
  /** Whether things of some kind have quarters of their own. */
  readonly hasQuarters: boolean;
  readonly #kinds: Map<string, Kind>;
  readonly #layers: ReadonlyMap<string, Layer>;
  readonly #owners: ReadonlyMap<Figure, Kind>;

  constructor({ types, layers }: TypeTable = NO_TYPES, observed: Observed = NONE) {
    const declared = new Set(types.map(({ name }) => name));
    const others = [...observed]
      .filter(([name]) => !declared.has(name))
      .sort(([one], [other]) => (one < other ? -1 : 1));
    const rows = [...types.map(guessed), ...others.map(([name, paths]) => undeclared(name, paths))];
    this.kinds = withIcons(rows)
      .map(kindOfRow)
      .sort((one, other) => one.rank - other.rank || (one.name < other.name ? -1 : 1));
    this.#kinds = new Map(this.kinds.map((kind) => [kind.name, kind]));
    this.#owners = new Map(this.kinds.flatMap((kind) => kind.figures.map((figure) => [figure, kind] as const)));
    const all = layersOf(layers, this.kinds);
    this.layers = all.filter(({ isOnMap }) => isOnMap);
    this.#layers = new Map(all.map((layer) => [layer.name, layer]));
    const districts = this.layers.map(({ name }) => districtFigure(name));
    this.figures = [...this.kinds.flatMap(({ figures }) => figures), ...districts].sort(
      (one, other) => one.order - other.order || (one.name < other.name ? -1 : 1),
    );
    this.hasQuarters = this.kinds.some(({ figures }) => figures.some(({ stands }) => stands.on === "heart"));
  }

  /** Return the kind of a type; a plain one for a type that is nowhere on the map. */
  kindOf(type: string): Kind {
    let kind = this.#kinds.get(type);
    if (!kind) {
      kind = kindOfRow(undeclared(type, []));
      this.#kinds.set(type, kind);
    }
    return kind;
  }

  kindOfId(id: string): Kind {
    return this.kindOf(typeOf(id));
  }

  /** Return the kind that a figure shows; undefined for one that shows several. */
  kindOfFigure(figure: Figure): Kind | undefined {
    return figure.type === null ? undefined : this.#owners.get(figure);
  }

  /** Return a layer by its name, also one that only adds to others; undefined where nobody has described it. */
  layerOf(name: string): Layer | undefined {
    return this.#layers.get(name);
  }

  /** Return the figures that some layers show. */
  figuresOf(layers: ReadonlySet<string>): ReadonlySet<Figure> {
    return new Set(this.figures.filter((figure) => figure.layers.some((name) => layers.has(name))));
  }

  /** Return the layer in which a type is at home; undefined for a type that is nowhere. */
  homeOf(type: string): string | undefined {
    return this.kindOf(type).home.layer || undefined;
  }

  /** Return an item from its home, and where it is kept; undefined if the scene does not have it there. */
  find(scene: Scene, id: string): Found | undefined {
    return findItem(scene, id, this.homeOf(typeOf(id)));
  }
}

/** Return a row; of a type that nobody has declared, what is down is trouble: nobody has said that it may be. */
function guessed(row: TypeRow): TypeRow {
  return row.declared ? row : { ...row, trouble: [...row.trouble, "offline"] };
}

const NO_ITEMS: ReadonlyMap<string, Item> = new Map();

/** Return what a collection of a scene holds; nothing if the scene has no such collection. */
export function collection(scene: Scene, [layer, name]: CollectionPath): ReadonlyMap<string, Item> {
  return scene[layer]?.collections[name] ?? NO_ITEMS;
}

/** Return the types that a scene shows, layers by name. A collection that did not change is not looked at again. */
export function observedIn(scene: Scene): Observed {
  const observed = new Map<string, CollectionPath[]>();
  for (const layer of Object.keys(scene).sort()) {
    for (const [name, items] of Object.entries(scene[layer]?.collections ?? {})) {
      for (const type of typesIn(items).keys()) {
        if (type === "") continue;
        const paths = observed.get(type) ?? [];
        observed.set(type, [...paths, [layer, name]]);
      }
    }
  }
  return observed;
}
