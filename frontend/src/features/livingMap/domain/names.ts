/** What things are called where those of all kinds stand side by side. */

import type { Item, Scene } from "../client/scene.ts";
import { ownName, shortId } from "./entities.ts";
import { idsIn } from "./json.ts";
import type { Registry } from "./registry.ts";

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

/** Return what an id has after the colon. */
function restOf(id: string): string {
  return id.slice(id.indexOf(":") + 1);
}
