/** Everything on the map as one list, each thing once, in its home layer. What did not change is not looked at again. */

import type { Item, Scene } from "../client/scene.ts";
import { homeOfType, labelOf, typeOf } from "./entities.ts";
import { kindOf } from "./registry.ts";
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

const entities = new WeakMap<Item, Entity>();
const collections = new WeakMap<ReadonlyMap<string, Item>, readonly Entity[]>();
const catalogues = new WeakMap<Scene, readonly Entity[]>();

function entityOf(layer: string, item: Item): Entity {
  let entity = entities.get(item);
  if (!entity) {
    const label = labelOf(item);
    const text = `${label} ${item.id}`.toLocaleLowerCase();
    entity = { id: item.id, type: typeOf(item.id), label, status: conditionOf(item), layer, item, text };
    entities.set(item, entity);
  }
  return entity;
}

function entitiesOf(layer: string, items: ReadonlyMap<string, Item>): readonly Entity[] {
  let list = collections.get(items);
  if (!list) {
    list = [...items.values()]
      .filter(({ id }) => homeOfType(typeOf(id)) === layer)
      .map((item) => entityOf(layer, item));
    collections.set(items, list);
  }
  return list;
}

/** Return all entities of a scene, each collection in order of id. */
export function catalogue(scene: Scene): readonly Entity[] {
  let all = catalogues.get(scene);
  if (!all) {
    const parts = Object.entries(scene).flatMap(([layer, { collections }]) =>
      Object.values(collections).map((items) => entitiesOf(layer, items)),
    );
    all = parts.flat();
    catalogues.set(scene, all);
  }
  return all;
}

let lastListed: readonly Entity[] = [];

/** Return entities as people would list them: by what they are, then by name. Cheap while no name changes. */
export function listed(all: readonly Entity[]): readonly Entity[] {
  const now = new Map(all.map((one) => [one.id, one]));
  const again = lastListed.flatMap((old) => {
    const one = now.get(old.id);
    return one && one.label === old.label ? [one] : [];
  });
  lastListed = again.length === all.length && lastListed.length === all.length ? again : sorted(all);
  return lastListed;
}

function sorted(all: readonly Entity[]): readonly Entity[] {
  const collator = new Intl.Collator(undefined, { numeric: true });
  const rank = ({ type }: Entity) => kindOf(type).rank;
  return all.toSorted((one, other) => rank(one) - rank(other) || collator.compare(one.label, other.label));
}

/** Return the entities that match the filters; those whose name begins with the text that is searched come first. */
export function matches(all: readonly Entity[], { q, type, status, layer }: Filters): readonly Entity[] {
  const wanted = q.trim().toLocaleLowerCase().split(/\s+/).filter(Boolean);
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
