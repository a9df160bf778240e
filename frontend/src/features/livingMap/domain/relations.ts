/** What belongs together: the things that an item refers to, and those that refer to it. */

import type { Item, Scene } from "../client/scene.ts";
import type { Language } from "../i18n/i18n.tsx";
import { findItem, homeOfType, typeOf } from "./entities.ts";
import { idsIn } from "./json.ts";
import type { Kind } from "./kind.ts";
import { collection, collectionsOf, KINDS, kindOfId } from "./registry.ts";
import { TYPES } from "./vocabulary.ts";
import { fieldWord } from "./words.ts";

export type Relation = { readonly label: string; readonly ids: readonly string[] };

/** Return the fields by which things of a kind refer to others. */
export function referencesOf({ type, references = [] }: Kind): readonly string[] {
  const row = Object.hasOwn(TYPES, type) ? TYPES[type] : undefined;
  return row?.references ?? references;
}

const ALL: readonly string[] = [...new Set(KINDS.flatMap(referencesOf))];

/** Return the ids that an item refers to, by field. A field that refers for one kind does so for every kind. */
export function referredBy(item: Item): readonly (readonly [field: string, ids: readonly string[]])[] {
  return ALL.map((name) => [name, idsIn(item[name])] as const).filter(([, ids]) => ids.length > 0);
}

/** Return the ids to which the map draws arcs from an item when itself is selected, or others, for which some are quiet. */
export function arcsFrom(item: Item, selection: "own" | "others"): readonly string[] {
  const { quiet = [] } = kindOfId(item.id);
  return referredBy(item).flatMap(([name, ids]) => (selection === "others" && quiet.includes(name) ? [] : ids));
}

/** Return the relations of an item, those that it names itself first. */
export function relationsOf(scene: Scene, item: Item, language: Language): readonly Relation[] {
  const relations = new Map<string, Set<string>>();
  const add = (label: string, id: string) => relations.set(label, (relations.get(label) ?? new Set()).add(id));
  const kind = kindOfId(item.id);
  for (const [name, ids] of referredBy(item)) {
    for (const id of ids) if (findItem(scene, id)) add(fieldWord(name, kind, language), id);
  }
  for (const other of KINDS) {
    for (const [name, label] of Object.entries(language.of(other.words).referrers ?? {})) {
      for (const id of referrersBy(name, other, item.id, scene)) add(label, id);
    }
  }
  return [...relations].map(([label, ids]) => ({ label, ids: [...ids] }));
}

function referrersBy(name: string, kind: Kind, id: string, scene: Scene): readonly string[] {
  const [home] = collectionsOf(kind);
  if (!home) return [];
  return [...collection(scene, home).values()]
    .filter((one) => typeOf(one.id) === kind.type && idsIn(one[name]).includes(id))
    .map((one) => one.id);
}

/** Return the item as its home layer has it, completed by what other layers know about it. */
export function wholeItem(scene: Scene, id: string): Item | undefined {
  const home = findItem(scene, id);
  if (!home || !homeOfType(typeOf(id))) return home?.item;
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
