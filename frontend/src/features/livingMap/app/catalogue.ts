/** Everything on the map as one list, each thing once, in its home layer. What did not change is not looked at again. */

import { HOMES, labelOf, statusOfItem, typeOf } from "../client/entities.ts";
import type { Item, Json, Scene } from "../client/scene.ts";

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
    entity = { id: item.id, type: typeOf(item.id), label, status: statusOfItem(item), layer, item, text };
    entities.set(item, entity);
  }
  return entity;
}

function entitiesOf(layer: string, items: ReadonlyMap<string, Item>): readonly Entity[] {
  let list = collections.get(items);
  if (!list) {
    list = [...items.values()]
      .filter(({ id }) => HOMES[typeOf(id)] === layer)
      .map((item) => entityOf(layer, item));
    collections.set(items, list);
  }
  return list;
}

/** Return all entities of a scene, each collection in order of id. */
export function catalogue(scene: Scene): readonly Entity[] {
  let found = catalogues.get(scene);
  if (!found) {
    const parts = Object.entries(scene).flatMap(([layer, { collections }]) =>
      Object.values(collections).map((items) => entitiesOf(layer, items)),
    );
    found = parts.flat();
    catalogues.set(scene, found);
  }
  return found;
}

const ORDER = ["microdao", "dao", "node", "agent", "channel", "city"];

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
  const place = ({ type }: Entity) => (ORDER.indexOf(type) + ORDER.length + 1) % (ORDER.length + 1);
  return all.toSorted((one, other) => place(one) - place(other) || collator.compare(one.label, other.label));
}

/** Return what fits the filters; with words, those whose name begins with them come first. */
export function found(all: readonly Entity[], { q, type, status, layer }: Filters): readonly Entity[] {
  const wanted = q.trim().toLocaleLowerCase().split(/\s+/).filter(Boolean);
  const fitting = all.filter(
    (one) =>
      (!type || one.type === type) &&
      (!status || one.status === status) &&
      (!layer || one.layer === layer) &&
      wanted.every((word) => one.text.includes(word)),
  );
  const [first] = wanted;
  if (!first) return fitting;
  const rank = (one: Entity) => (one.text.startsWith(first) ? 0 : one.text.includes(` ${first}`) ? 1 : 2);
  return fitting.toSorted((one, other) => rank(one) - rank(other));
}

/** Return a field's value inside a JSON value, if it is an object that has it. */
export function field(value: Json | undefined, name: string): Json | undefined {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return undefined;
  const fields = value as Readonly<Record<string, Json>>;
  return Object.hasOwn(fields, name) ? fields[name] : undefined;
}

export function numberIn(value: Json | undefined, name: string): number | undefined {
  const found = field(value, name);
  return typeof found === "number" ? found : undefined;
}

/** Return the highest load of a node, between 0 and 1; undefined for what has none. */
export function loadOf(item: Item): number | undefined {
  const { metrics } = item;
  const loads = ["cpu", "gpu", "ram"].map((name) => numberIn(metrics, name)).filter((one) => one !== undefined);
  return loads.length > 0 ? Math.max(...loads) : undefined;
}

/** Return how lively a thing is, in whatever it counts; undefined for what counts nothing. */
export function activityOf(item: Item): number | undefined {
  return (
    numberIn(item.usage, "invocations_24h") ??
    numberIn(item.usage, "llm_calls_24h") ??
    numberIn(item, "messages_24h") ??
    numberIn(item, "members_online") ??
    numberIn(item, "active_proposals") ??
    numberIn(item, "agents")
  );
}
