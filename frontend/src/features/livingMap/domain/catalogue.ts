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

/** Return a list that is sorted, except for gaps, with others sorted in. */
function merged(sorted: readonly (Entity | undefined)[], others: readonly Entity[], registry: Registry): Entity[] {
  const compare = orderOf(registry);
  const waiting = others.toSorted(compare);
  const list: Entity[] = [];
  let at = 0;
  for (const one of sorted) {
    if (!one) continue;
    for (let next = waiting[at]; next && compare(next, one) < 0; next = waiting[at]) {
      list.push(next);
      at += 1;
    }
    list.push(one);
  }
  return [...list, ...waiting.slice(at)];
}

function orderOf(registry: Registry): (one: Entity, other: Entity) => number {
  const collator = new Intl.Collator(undefined, { numeric: true });
  const ranks = new Map(registry.kinds.map(({ name }, at) => [name, at]));
  const rank = ({ type }: Entity) => ranks.get(type) ?? ranks.size;
  return (one, other) =>
    rank(one) - rank(other) || collator.compare(one.label, other.label) || compareIds(one.id, other.id);
}

/** What can be filtered by: all values that entities have. */
export type Facets = { readonly [Name in "type" | "status" | "layer"]: ReadonlySet<string> };

export function facetsOf(all: readonly Entity[]): Facets {
  const facets = { type: new Set<string>(), status: new Set<string>(), layer: new Set<string>() };
  let last: Entity | undefined;
  for (const one of all) {
    // those side by side are alike, mostly
    if (one.type !== last?.type) facets.type.add(one.type);
    if (one.status !== last?.status) facets.status.add(one.status);
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
