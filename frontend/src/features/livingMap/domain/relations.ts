/** What belongs together: the things that an item refers to, and those that refer to it. */

import type { Item, Scene } from "../client/scene.ts";
import type { Language } from "../i18n/i18n.tsx";
import { typeOf } from "./entities.ts";
import { idsIn } from "./json.ts";
import type { Kind } from "./kind.ts";
import { collection, type Registry } from "./registry.ts";
import { fieldWord } from "./words.ts";

export type Relation = { readonly label: string; readonly ids: readonly string[] };

const allFields = new WeakMap<Registry, ReadonlySet<string>>();

/** Return the fields by which things of any declared kind refer to others. */
function referenceFields(registry: Registry): ReadonlySet<string> {
  let fields = allFields.get(registry);
  if (!fields) {
    fields = new Set(registry.kinds.flatMap(({ relations }) => relations.map(({ field }) => field)));
    allFields.set(registry, fields);
  }
  return fields;
}

/**
 * Return the ids that an item refers to, by field. A field that refers for one kind does so for every kind, and in
 * things without a declaration every field does that holds ids of a type on the map.
 */
export function referredBy(
  item: Item,
  registry: Registry,
): readonly (readonly [field: string, ids: readonly string[]])[] {
  const { declared } = registry.kindOfId(item.id);
  const fields = referenceFields(registry);
  const names = declared
    ? [...fields]
    : [...new Set([...fields, ...Object.keys(item).filter((name) => name !== "id")])];
  return names
    .map((name) => {
      const ids = idsIn(item[name]);
      return [
        name,
        fields.has(name) ? ids : ids.filter((id) => registry.homeOf(typeOf(id)) !== undefined),
      ] as const;
    })
    .filter(([, ids]) => ids.length > 0);
}

/** Return the ids to which the map draws arcs from an item when itself is selected, or others, for which some are quiet. */
export function arcsFrom(item: Item, selection: "own" | "others", registry: Registry): readonly string[] {
  const { relations } = registry.kindOfId(item.id);
  const isQuiet = (name: string) => relations.some(({ field, arcs }) => field === name && !arcs);
  return referredBy(item, registry).flatMap(([name, ids]) => (selection === "others" && isQuiet(name) ? [] : ids));
}

/** Return the relations of an item, those that it names itself first. */
export function relationsOf(
  scene: Scene,
  item: Item,
  registry: Registry,
  language: Language,
): readonly Relation[] {
  const relations = new Map<string, Set<string>>();
  const add = (label: string, id: string) => relations.set(label, (relations.get(label) ?? new Set()).add(id));
  const kind = registry.kindOfId(item.id);
  for (const [name, ids] of referredBy(item, registry)) {
    for (const id of ids) if (registry.find(scene, id)) add(fieldWord(name, kind, language), id);
  }
  for (const other of registry.kinds) {
    for (const [label, id] of referrersFrom(other, item.id, scene, registry)) add(label, id);
  }
  return [...relations].map(([label, ids]) => ({ label, ids: [...ids] }));
}

/** Return what things of a kind refer to an id, each with what it is called from there. */
function referrersFrom(
  kind: Kind,
  id: string,
  scene: Scene,
  registry: Registry,
): readonly (readonly [string, string])[] {
  const [home] = kind.paths;
  if (!home || (kind.declared && kind.relations.length === 0)) return [];
  const own = [...collection(scene, home).values()].filter((one) => typeOf(one.id) === kind.name && one.id !== id);
  const plural = kind.plural || kind.label;
  if (!kind.declared) {
    return own
      .filter((one) => referredBy(one, registry).some(([, ids]) => ids.includes(id)))
      .map((one) => [plural, one.id] as const);
  }
  return kind.relations.flatMap(({ field, referrers }) =>
    own.filter((one) => idsIn(one[field]).includes(id)).map((one) => [referrers || plural, one.id] as const),
  );
}

/** Return the item as its home layer has it, completed by what other layers know about it. */
export function wholeItem(scene: Scene, id: string, registry: Registry): Item | undefined {
  const home = registry.find(scene, id);
  if (!home) return undefined;
  let whole: Item = home.item;
  for (const [name, { collections }] of Object.entries(scene)) {
    if (name === home.layer) continue;
    for (const items of Object.values(collections)) whole = { ...items.get(id), ...withoutNull(whole) };
  }
  return whole;
}

function withoutNull(item: Item): Item {
  return Object.fromEntries(Object.entries(item).filter(([, value]) => value !== null)) as Item;
}
