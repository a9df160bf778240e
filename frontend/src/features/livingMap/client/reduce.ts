/** The one reducer: a scene from a snapshot, the next scene from changes, and a snapshot from a scene. */

import type { Change, LayerJson, Put, Snapshot, SnapshotMeta, Total } from "./messages.ts";
import type { Item, Json, Layer, Scene } from "./scene.ts";

/** What an item or a layer's totals hold. */
export type Fields = Readonly<Record<string, Json>>;

const NO_LAYER: Layer = { totals: {}, collections: {} };
const NO_ITEMS: ReadonlyMap<string, Item> = new Map();

/** Return the scene that a snapshot describes. Items that are as in `before` are the very same objects. */
export function sceneOf(snapshot: Snapshot, before: Scene = {}): Scene {
  return mapped(snapshot.layers, (layer, name) => layerOf(layer, own(before, name)));
}

function layerOf(json: LayerJson, before: Layer = NO_LAYER): Layer {
  const totals: Record<string, Json> = {};
  const collections: Record<string, ReadonlyMap<string, Item>> = {};
  for (const [name, value] of Object.entries(json)) {
    if (isItems(value)) collections[name] = collectionOf(value, own(before.collections, name));
    else totals[name] = value;
  }
  return { totals, collections };
}

function collectionOf(
  items: readonly Item[],
  old: ReadonlyMap<string, Item> = NO_ITEMS,
): ReadonlyMap<string, Item> {
  let isSame = items.length === old.size;
  const made = new Map<string, Item>();
  for (const item of items) {
    const known = old.get(item.id);
    const one = known && JSON.stringify(known) === JSON.stringify(item) ? known : item;
    isSame &&= one === known;
    made.set(item.id, one);
  }
  return isSame ? old : made;
}

function isItems(value: Json | readonly Item[]): value is readonly Item[] {
  return Array.isArray(value) && value.every((one) => one !== null && typeof one === "object" && "id" in one);
}

/** Return the scene after `changes`, in their order. What none of them touches is shared with `scene`. */
export function reduce(scene: Scene, changes: Iterable<Change>): Scene {
  const draft = new Draft(scene);
  for (const change of changes) draft.apply(change);
  return draft.finish();
}

type DraftLayer = {
  readonly before: Layer;
  totals: Fields;
  /** Those that were copied. */
  readonly collections: Map<string, Map<string, Item>>;
  /** The names of those to which something was added. */
  readonly unsorted: Set<string>;
};

/** The next scene in the making: each layer and collection is copied at most once, however many changes come. */
export class Draft {
  readonly #before: Scene;
  readonly #layers = new Map<string, DraftLayer>();

  constructor(scene: Scene) {
    this.#before = scene;
  }

  /** Make a change; return what it found: the item, or the totals, as they were. */
  apply(change: Change): Fields | undefined {
    const layer = kept(this.#layers, change.layer, () => draftOf(own(this.#before, change.layer) ?? NO_LAYER));
    if (change.op === "total") {
      const { totals } = layer;
      layer.totals = changed(totals, change);
      return totals;
    }
    const { collection, id } = change;
    const items = kept(layer.collections, collection, () => new Map(own(layer.before.collections, collection)));
    const old = items.get(id);
    if (change.op === "drop") items.delete(id);
    else {
      if (!old) layer.unsorted.add(collection);
      items.set(id, changed(old ?? { id }, change));
    }
    return old;
  }

  /** Return the scene; the draft is of no use afterwards. */
  finish(): Scene {
    if (this.#layers.size === 0) return this.#before;
    const made = [...this.#layers].map(([name, layer]) => [name, finished(layer)] as const);
    return { ...this.#before, ...Object.fromEntries(made) };
  }
}

function draftOf(before: Layer): DraftLayer {
  return { before, totals: before.totals, collections: new Map(), unsorted: new Set() };
}

function finished({ before, totals, collections, unsorted }: DraftLayer): Layer {
  const made = [...collections].map(
    ([name, items]) => [name, unsorted.has(name) ? sorted(items) : items] as const,
  );
  return { totals, collections: { ...before.collections, ...Object.fromEntries(made) } };
}

/** Return a record with other values. */
function mapped<One, Other>(
  record: Readonly<Record<string, One>>,
  map: (one: One, name: string) => Other,
): Readonly<Record<string, Other>> {
  return Object.fromEntries(Object.entries(record).map(([name, one]) => [name, map(one, name)]));
}

/** Names come from any service: `constructor` is a name like any other. */
function own<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}

function changed<F extends Fields>(fields: F, { set, unset }: Put | Total): F {
  const made: Record<string, Json> & F = { ...fields, ...set }; // a spread, because an assignment to `__proto__` would be no field
  for (const name of unset) delete made[name];
  return made;
}

function sorted(items: ReadonlyMap<string, Item>): Map<string, Item> {
  return new Map([...items].sort(([one], [other]) => compareIds(one, other)));
}

/** Order ids as the map does, by code point; JavaScript's own order differs beyond U+FFFF. */
export function compareIds(one: string, other: string): number {
  let at = 0;
  while (at < one.length && one[at] === other[at]) at += 1;
  return (one.codePointAt(at) ?? -1) - (other.codePointAt(at) ?? -1);
}

type Keeping<Key, Value> = { get(key: Key): Value | undefined; set(key: Key, value: Value): unknown };

/** Return what is kept for a key; at first it is made. */
function kept<Key, Value>(values: Keeping<Key, Value>, key: Key, make: () => Value): Value {
  let value = values.get(key);
  if (value === undefined) {
    value = make();
    values.set(key, value);
  }
  return value;
}

/** Return a function that makes the same of the same object. */
export function once<Key extends object, Value>(make: (key: Key) => Value): (key: Key) => Value {
  const values = new WeakMap<Key, Value>();
  return (key) => kept(values, key, () => make(key));
}

/** Return `scene` as `GET /living-map/snapshot` would; layers that did not change are the very same objects. */
export function snapshotOf(scene: Scene, meta: SnapshotMeta, generatedAt: string): Snapshot {
  return { generated_at: generatedAt, layers: mapped(scene, toJson), meta };
}

/** Return the items as a list; the same collection gives the same list. */
export const toList = /* @__PURE__ */ once((items: ReadonlyMap<string, Item>): readonly Item[] => [
  ...items.values(),
]);

const toJson = /* @__PURE__ */ once(
  ({ totals, collections }: Layer): LayerJson => ({ ...totals, ...mapped(collections, toList) }),
);
