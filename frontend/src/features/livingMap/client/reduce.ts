/** The one reducer: a scene from a snapshot, the next scene from changes, and a snapshot from a scene. */

import type { Change, Drop, LayerJson, Put, Snapshot, SnapshotMeta, Total } from "./messages.ts";
import type { Item, Json, Layer, Scene } from "./scene.ts";

/** What an item or a layer's totals hold. */
export type Fields = Readonly<Record<string, Json>>;

const NO_LAYER: Layer = { totals: {}, collections: {} };
const NO_ITEMS: ReadonlyMap<string, Item> = new Map();

/** Return the scene that a snapshot describes. Items that are as in `before` are the very same objects. */
export function sceneOf(snapshot: Snapshot, before: Scene = {}): Scene {
  return Object.fromEntries(
    Object.entries(snapshot.layers).map(([name, layer]) => [name, shared(layerOf(layer), own(before, name))]),
  );
}

function shared(layer: Layer, before: Layer | undefined): Layer {
  if (!before) return layer;
  const collections = Object.entries(layer.collections).map(([name, items]) => {
    const old = own(before.collections, name);
    return [name, old ? sharedItems(items, old) : items] as const;
  });
  return { totals: layer.totals, collections: Object.fromEntries(collections) };
}

function sharedItems(items: ReadonlyMap<string, Item>, old: ReadonlyMap<string, Item>): ReadonlyMap<string, Item> {
  let isSame = items.size === old.size;
  const made = new Map<string, Item>();
  for (const [id, item] of items) {
    const known = old.get(id);
    const one = known && JSON.stringify(known) === JSON.stringify(item) ? known : item;
    isSame &&= one === known;
    made.set(id, one);
  }
  return isSame ? old : made;
}

function layerOf(json: LayerJson): Layer {
  const totals: Record<string, Json> = {};
  const collections: Record<string, ReadonlyMap<string, Item>> = {};
  for (const [name, value] of Object.entries(json)) {
    if (isItems(value)) collections[name] = new Map(value.map((item) => [item.id, item]));
    else totals[name] = value;
  }
  return { totals, collections };
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

/** The next scene in the making: each layer and collection is copied at most once, however many changes come. */
export class Draft {
  readonly #before: Scene;
  readonly #layers = new Map<string, DraftLayer>();

  constructor(scene: Scene) {
    this.#before = scene;
  }

  /** Make a change; return what it found: the item, or the totals, as they were. */
  apply(change: Change): Fields | undefined {
    const layer = this.#layer(change.layer);
    if (change.op === "total") return layer.total(change);
    return change.op === "put" ? layer.put(change) : layer.drop(change);
  }

  /** Return the scene; the draft is of no use afterwards. */
  finish(): Scene {
    if (this.#layers.size === 0) return this.#before;
    const made = [...this.#layers].map(([name, layer]) => [name, layer.finish()] as const);
    return { ...this.#before, ...Object.fromEntries(made) };
  }

  #layer(name: string): DraftLayer {
    let layer = this.#layers.get(name);
    if (!layer) {
      layer = new DraftLayer(own(this.#before, name) ?? NO_LAYER);
      this.#layers.set(name, layer);
    }
    return layer;
  }
}

class DraftLayer {
  readonly #before: Layer;
  #totals: Fields;
  readonly #collections = new Map<string, Map<string, Item>>();
  readonly #unsorted = new Set<string>();

  constructor(layer: Layer) {
    this.#before = layer;
    this.#totals = layer.totals;
  }

  total(change: Total): Fields {
    const old = this.#totals;
    this.#totals = changed(old, change);
    return old;
  }

  put(change: Put): Item | undefined {
    const items = this.#items(change.collection);
    const old = items.get(change.id);
    if (!old) this.#unsorted.add(change.collection);
    items.set(change.id, changed(old ?? { id: change.id }, change));
    return old;
  }

  drop(change: Drop): Item | undefined {
    const items = this.#items(change.collection);
    const old = items.get(change.id);
    items.delete(change.id);
    return old;
  }

  finish(): Layer {
    for (const name of this.#unsorted) this.#collections.set(name, sorted(this.#items(name)));
    const collections = { ...this.#before.collections, ...Object.fromEntries(this.#collections) };
    return { totals: this.#totals, collections };
  }

  #items(name: string): Map<string, Item> {
    let items = this.#collections.get(name);
    if (!items) {
      items = new Map(own(this.#before.collections, name) ?? NO_ITEMS);
      this.#collections.set(name, items);
    }
    return items;
  }
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

const layerJson = new WeakMap<Layer, LayerJson>();
const lists = new WeakMap<ReadonlyMap<string, Item>, readonly Item[]>();

/** Return `scene` as `GET /living-map/snapshot` would; layers that did not change are the very same objects. */
export function snapshotOf(scene: Scene, meta: SnapshotMeta, generatedAt: string): Snapshot {
  const layers = Object.entries(scene).map(([name, layer]) => [name, toJson(layer)] as const);
  return { generated_at: generatedAt, layers: Object.fromEntries(layers), meta };
}

function toJson(layer: Layer): LayerJson {
  let json = layerJson.get(layer);
  if (!json) {
    const collections = Object.entries(layer.collections).map(([name, items]) => [name, toList(items)] as const);
    json = { ...layer.totals, ...Object.fromEntries(collections) };
    layerJson.set(layer, json);
  }
  return json;
}

/** Return the items as a list; the same collection gives the same list. */
export function toList(items: ReadonlyMap<string, Item>): readonly Item[] {
  let list = lists.get(items);
  if (!list) {
    list = [...items.values()];
    lists.set(items, list);
  }
  return list;
}
