/** What belongs together: what an item names, and what names it. */

import { findItem, HOMES, typeOf } from "../client/entities.ts";
import type { Item, Json, Scene } from "../client/scene.ts";
import { catalogue, type Entity } from "./catalogue.ts";

export type Relation = { readonly name: string; readonly ids: readonly string[] };

const NAMED = [
  "microdao_id",
  "node_id",
  "room_id",
  "orchestrator_id",
  "parent_id",
  "dao_id",
  "proposal_id",
  "orbits",
  "microdao_ids",
];

/** By the type of the item that names another, and the field: what that is called from the other's side. */
const NAMING: Readonly<Record<string, string>> = {
  "agent microdao_id": "agents",
  "agent node_id": "agents",
  "agent room_id": "here",
  "node microdao_id": "nodes",
  "node microdao_ids": "nodes",
  "channel microdao_id": "channels",
  "dao microdao_id": "daos",
  "dao orbits": "daos",
  "city microdao_id": "rooms",
};

/** Return the relations of an item, those that it names first. */
export function relationsOf(scene: Scene, item: Item): readonly Relation[] {
  const found = new Map<string, Set<string>>();
  const add = (name: string, id: string) => found.set(name, (found.get(name) ?? new Set()).add(id));
  for (const name of NAMED) for (const id of idsIn(item[name])) if (findItem(scene, id)) add(name, id);
  for (const other of catalogue(scene)) for (const name of namesOf(other, item.id)) add(name, other.id);
  for (const proposal of proposalsOf(scene, item.id)) add("proposals", proposal);
  return [...found].map(([name, ids]) => ({ name, ids: [...ids] }));
}

function* namesOf({ item, type }: Entity, id: string): Generator<string> {
  for (const field of ["microdao_id", "node_id", "room_id", "microdao_ids", "orbits"]) {
    const name = NAMING[`${type} ${field}`];
    if (name && idsIn(item[field]).includes(id)) yield name;
  }
}

function proposalsOf(scene: Scene, dao: string): string[] {
  if (typeOf(dao) !== "dao") return [];
  const proposals = scene.dao?.collections.proposals?.values() ?? [];
  return [...proposals].filter((one) => one.dao_id === dao).map((one) => one.id);
}

function idsIn(value: Json | undefined): readonly string[] {
  if (typeof value === "string") return [value];
  return Array.isArray(value) ? value.filter((one): one is string => typeof one === "string") : [];
}

/** Return the item as its home layer has it, with what other layers say of it beneath. */
export function wholeItem(scene: Scene, id: string): Item | undefined {
  const home = findItem(scene, id);
  if (!home) return undefined;
  let whole: Item = home.item;
  for (const [name, { collections }] of Object.entries(scene)) {
    if (name === home.layer) continue;
    for (const items of Object.values(collections)) {
      const other = items.get(id);
      if (other && HOMES[typeOf(id)]) whole = { ...other, ...known(whole) };
    }
  }
  return whole;
}

function known(item: Item): Item {
  return Object.fromEntries(Object.entries(item).filter(([, value]) => value !== null)) as Item;
}
