/** Everything on the map as one list, each thing once, in its home layer. What did not change is not looked at again. */

import { compareIds } from "../client/reduce.ts";
import type { Item, Scene } from "../client/scene.ts";
import { ownName, typeOf } from "./entities.ts";
import { fullName } from "./names.ts";
import type { Registry } from "./registry.ts";
import { searchKey } from "./search.ts";
import { conditionOf } from "./status.ts";

export type Entity = {
  readonly id: string;
  readonly type: string;
  readonly label: string;
  readonly status: string;
  readonly layer: string;
  readonly item: Item;
  /** Label and id, folded, to be searched. */
  readonly text: string;
};

export type Filters = {
  readonly q: string;
  readonly type: string;
  readonly status: string;
  readonly layer: string;
};

/** An item of a collection as an entity: null for one that is at home elsewhere. */
type Entry = { readonly entity: Entity; readonly isNameless: boolean } | null;

type Entries = { readonly list: readonly Entity[]; readonly hasNameless: boolean };

/** What a registry has made of items, collections and scenes. */
class Lists {
  readonly entries = new WeakMap<Item, Entry>();
  readonly collections = new WeakMap<ReadonlyMap<string, Item>, Entries>();
  readonly catalogues = new WeakMap<Scene, readonly Entity[]>();
  last: readonly Entity[] = [];
  /** The places of the ids in `last`. */
  places: ReadonlyMap<string, number> = new Map();
}

const lists = new WeakMap<Registry, Lists>();

function listsOf(registry: Registry): Lists {
  let own = lists.get(registry);
  if (!own) {
    own = new Lists();
    lists.set(registry, own);
  }
  return own;
}

function entryOf(layer: string, item: Item, scene: Scene, registry: Registry): Entry {
  const { entries } = listsOf(registry);
  let entry = entries.get(item);
  if (entry === undefined) {
    entry = registry.homeOf(typeOf(item.id)) === layer ? newEntry(layer, item, scene, registry) : null;
    entries.set(item, entry);
  }
  return entry;
}

function newEntry(layer: string, item: Item, scene: Scene, registry: Registry): Entry {
  const label = fullName(item, scene, registry);
  const type = typeOf(item.id);
  const status = conditionOf(item, registry.kindOf(type));
  const entity = { id: item.id, type, label, status, layer, item, text: searchKey(`${label} ${item.id}`) };
  return { entity, isNameless: ownName(item) === undefined };
}

function entriesOf(
  layer: string,
  items: ReadonlyMap<string, Item>,
  scene: Scene,
  registry: Registry,
): readonly Entity[] {
  const { collections, entries } = listsOf(registry);
  let all = collections.get(items);
  if (!all) {
    const list: Entity[] = [];
    let hasNameless = false;
    for (const item of items.values()) {
      const entry = entryOf(layer, item, scene, registry);
      if (entry) list.push(entry.entity);
      hasNameless ||= entry?.isNameless === true;
    }
    all = { list, hasNameless };
    collections.set(items, all);
  }
  if (!all.hasNameless) return all.list;
  // what is called by something else is so as long as that is
  return all.list
    .map(({ item }) => {
      const entry = entryOf(layer, item, scene, registry);
      if (!entry?.isNameless || entry.entity.label === fullName(item, scene, registry)) return entry?.entity;
      const renamed = newEntry(layer, item, scene, registry);
      entries.set(item, renamed);
      return renamed?.entity;
    })
    .filter((one) => one !== undefined);
}

/** Return all entities of a scene, each collection in order of id. */
export function catalogue(scene: Scene, registry: Registry): readonly Entity[] {
  const { catalogues } = listsOf(registry);
  let all = catalogues.get(scene);
  if (!all) {
    const parts = Object.entries(scene).flatMap(([layer, { collections }]) =>
      Object.values(collections).map((items) => entriesOf(layer, items, scene, registry)),
    );
    all = parts.flat();
    catalogues.set(scene, all);
  }
  return all;
}

/** Return entities as people would list them: by what they are, then by name. Only what is new or has another name is sorted. */
export function listed(all: readonly Entity[], registry: Registry): readonly Entity[] {
  const own = listsOf(registry);
  const { last, places } = own;
  const stay = new Array<Entity | undefined>(last.length);
  const fresh: Entity[] = [];
  for (const one of all) {
    const place = places.get(one.id);
    if (place !== undefined && last[place]?.label === one.label) stay[place] = one;
    else fresh.push(one);
  }
  const hasSamePlaces = fresh.length === 0 && all.length === last.length;
  own.last = hasSamePlaces ? stay.filter((one) => one !== undefined) : merged(stay, fresh, registry);
  if (!hasSamePlaces) own.places = new Map(own.last.map(({ id }, place) => [id, place]));
  return own.last;
}

/** Return a list that is sorted, except for gaps, with others sorted in: each is sought from where the last one went. */
function merged(sorted: readonly (Entity | undefined)[], others: readonly Entity[], registry: Registry): Entity[] {
  const compare = orderOf(registry);
  const list = sorted.filter((one) => one !== undefined);
  const parts: Entity[][] = [];
  let from = 0;
  for (const other of others.toSorted(compare)) {
    const to = placeIn(list, other, compare, from);
    parts.push(list.slice(from, to), [other]);
    from = to;
  }
  return [...parts, list.slice(from)].flat();
}

/** Return how many of a sorted list come before another one, at least `from`. */
function placeIn(
  list: readonly Entity[],
  other: Entity,
  compare: (one: Entity, other: Entity) => number,
  from: number,
): number {
  let [low, high] = [from, list.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const one = list[middle];
    if (one && compare(one, other) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

const COLLATOR = new Intl.Collator(undefined, { numeric: true });

function orderOf(registry: Registry): (one: Entity, other: Entity) => number {
  const ranks = new Map(registry.kinds.map(({ name }, at) => [name, at]));
  const rank = ({ type }: Entity) => ranks.get(type) ?? ranks.size;
  return (one, other) =>
    rank(one) - rank(other) || COLLATOR.compare(one.label, other.label) || compareIds(one.id, other.id);
}

/** What can be filtered by: all values that entities have. */
export type Facets = {
  readonly type: ReadonlySet<string>;
  /** Each with a type that has things of it: kinds may have words of their own for it. */
  readonly status: ReadonlyMap<string, string>;
  readonly layer: ReadonlySet<string>;
};

export function facetsOf(all: readonly Entity[]): Facets {
  const facets = { type: new Set<string>(), status: new Map<string, string>(), layer: new Set<string>() };
  let last: Entity | undefined;
  for (const one of all) {
    // those side by side are alike, mostly
    if (one.type !== last?.type) facets.type.add(one.type);
    if (one.status !== last?.status && !facets.status.has(one.status)) facets.status.set(one.status, one.type);
    if (one.layer !== last?.layer) facets.layer.add(one.layer);
    last = one;
  }
  return facets;
}

/** Return the entities that match the filters; those whose name begins with the text that is searched come first. */
export function matches(all: readonly Entity[], { q, type, status, layer }: Filters): readonly Entity[] {
  const wanted = searchKey(q).trim().split(/\s+/).filter(Boolean);
  if (!type && !status && !layer && wanted.length === 0) return all;
  const hits = all.filter(
    (one) =>
      (!type || one.type === type) &&
      (!status || one.status === status) &&
      (!layer || one.layer === layer) &&
      wanted.every((word) => one.text.includes(word)),
  );
  const [first] = wanted;
  if (!first) return hits;
  const rank = (one: Entity) => (one.text.startsWith(first) ? 0 : one.text.includes(` ${first}`) ? 1 : 2);
  return hits.toSorted((one, other) => rank(one) - rank(other));
}
