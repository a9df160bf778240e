/** What things are called where those of all kinds stand side by side. */

import type { Item, Scene } from "../client/scene.ts";
import type { Language } from "../i18n/i18n.tsx";
import { isNamed, ownName, shortId, typeOf } from "./entities.ts";
import { idsIn } from "./json.ts";
import type { Registry } from "./registry.ts";
import { readable, valueWord } from "./words.ts";

/**
 * Return what an item is called. One without a name is called by what it stands in, if its id says nothing to people,
 * or repeats that: a vote "3f2a9c1b · Extend the harbour", a treasury `treasury:oak/SILT` "SILT · Oak Trust". What it
 * stands in goes without saying in a list of what stands in `place`.
 */
export function fullName(item: Item, scene: Scene, registry: Registry, place = ""): string {
  const own = ownName(item);
  if (own !== undefined) return own;
  const short = shortId(item.id);
  const [holder] = registry.kindOfId(item.id).within.flatMap((field) => idsIn(item[field]));
  if (holder === undefined) return short;
  const prefix = `${restOf(holder)}/`;
  const isPart = short.startsWith(prefix);
  if (!isPart && short === restOf(item.id)) return short;
  const rest = isPart ? short.slice(prefix.length) : short;
  if (holder === place) return rest;
  const around = registry.find(scene, holder)?.item;
  const name = around && ownName(around);
  return name ? `${rest} · ${name}` : short;
}

/**
 * Return what the thing of an id is called. What the map does not have is called by its id, and by its type, too, if it
 * never has things of it: "user 501".
 */
export function nameOfId(id: string, scene: Scene, registry: Registry, language: Language): string {
  const item = registry.find(scene, id)?.item;
  if (item) return fullName(item, scene, registry);
  const type = typeOf(id);
  const isStrange = type !== "" && registry.homeOf(type) === undefined;
  return isStrange ? `${readable(valueWord(type, language))} ${shortId(id)}` : shortId(id);
}

/** Return what a thing is called that was called something when an event was recorded. */
export function nameThen(label: string | null | undefined, id: string, scene: Scene, registry: Registry): string {
  if (label && isNamed(id, label)) return label;
  const item = registry.find(scene, id)?.item;
  return item ? fullName(item, scene, registry) : label || shortId(id);
}

/** Return what an id has after the colon. */
function restOf(id: string): string {
  return id.slice(id.indexOf(":") + 1);
}
