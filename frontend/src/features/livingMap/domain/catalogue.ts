/** Everything on the map as one list, each thing once, in its home layer. What did not change is not looked at again. */

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

/** What a registry has made of items, collections and scenes. */
class Lists {
  readonly entities = new WeakMap<Item, Entity>();
  readonly collections = new WeakMap<ReadonlyMap<string, Item>, readonly Entity[]>();
  readonly catalogues = new WeakMap<Scene, readonly Entity[]>();
  last: readonly Entity[] = [];
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

function entityOf(layer: string, item: Item, scene: Scene, registry: Registry): Entity {
  const { entities } = listsOf(registry);
  let entity = entities.get(item);
  // what is called by something else is so as long as that is
  if (!entity || (isNameless(item) && entity.label !== fullName(item, scene, registry))) {
    const label = fullName(item, scene, registry);
    const type = typeOf(item.id);
    const status = conditionOf(item, registry.kindOf(type));
    entity = { id: item.id, type, label, status, layer, item, text: searchKey(`${label} ${item.id}`) };
    entities.set(item, entity);
  }
  return entity;
}

function isNameless(item: Item): boolean {
  return ownName(item) === undefined;
}

function entitiesOf(
  layer: string,
  items: ReadonlyMap<string, Item>,
  scene: Scene,
  registry: Registry,
): readonly Entity[] {
  const { collections } = listsOf(registry);
  let list = collections.get(items);
  if (!list) {
    list = [...items.values()]
      .filter(({ id }) => registry.homeOf(typeOf(id)) === layer)
      .map((item) => entityOf(layer, item, scene, registry));
    collections.set(items, list);
  }
  return list.some(({ item }) => isNameless(item))
    ? list.map(({ item }) => entityOf(layer, item, scene, registry))
    : list;
}

/** Return all entities of a scene, each collection in order of id. */
export function catalogue(scene: Scene, registry: Registry): readonly Entity[] {
  const { catalogues } = listsOf(registry);
  let all = catalogues.get(scene);
  if (!all) {
    const parts = Object.entries(scene).flatMap(([layer, { collections }]) =>
      Object.values(collections).map((items) => entitiesOf(layer, items, scene, registry)),
    );
    all = parts.flat();
    catalogues.set(scene, all);
  }
  return all;
}

/** Return entities as people would list them: by what they are, then by name. Cheap while no name changes. */
export function listed(all: readonly Entity[], registry: Registry): readonly Entity[] {
  const own = listsOf(registry);
  const now = new Map(all.map((one) => [one.id, one]));
  const again = own.last.flatMap((old) => {
    const one = now.get(old.id);
    return one && one.label === old.label ? [one] : [];
  });
  own.last = again.length === all.length && own.last.length === all.length ? again : sorted(all, registry);
  return own.last;
}

function sorted(all: readonly Entity[], registry: Registry): readonly Entity[] {
  const collator = new Intl.Collator(undefined, { numeric: true });
  const ranks = new Map(registry.kinds.map(({ name }, at) => [name, at]));
  const rank = ({ type }: Entity) => ranks.get(type) ?? ranks.size;
  return all.toSorted((one, other) => rank(one) - rank(other) || collator.compare(one.label, other.label));
}

/** Return the entities that match the filters; those whose name begins with the text that is searched come first. */
export function matches(all: readonly Entity[], { q, type, status, layer }: Filters): readonly Entity[] {
  const wanted = searchKey(q).trim().split(/\s+/).filter(Boolean);
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
