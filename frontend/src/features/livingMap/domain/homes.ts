/** In what a thing stands: a quarter, around a planet, or in another thing. */

import type { Item, Scene } from "../client/scene.ts";
import { typeOf } from "./entities.ts";
import { CIVIC, districtOf } from "./figure.ts";
import { idsIn } from "./json.ts";
import type { Kind } from "./kind.ts";
import { collection, type Registry } from "./registry.ts";

/** A thing in a thing in a thing … so deep is looked for a quarter. */
const DEEPEST = 4;

/** Return the quarter or the planet to which an item of a kind belongs. */
export function homeOf(kind: Kind, item: Item, registry: Registry, scene: Scene, depth = 0): string {
  if (founds(kind)) return item.id;
  const within = withinOf(kind, item, registry);
  if (within === undefined) return strayHome(kind);
  const around = registry.kindOfId(within);
  if (founds(around)) return within;
  const other = depth < DEEPEST ? itemOf(scene, [around], within) : undefined;
  if (other) return homeOf(around, other, registry, scene, depth + 1);
  return strayHome(around.home.layer ? around : kind);
}

/** Return an item, what it stands in, what that stands in, and so on up to its quarter or planet. */
export function placesOf(item: Item, registry: Registry, scene: Scene): readonly string[] {
  const places: string[] = [];
  let last: Item | undefined = item;
  while (last && places.length < DEEPEST) {
    places.push(last.id);
    const kind = registry.kindOfId(last.id);
    const within: string | undefined = founds(kind) ? undefined : withinOf(kind, last, registry);
    last = within === undefined ? undefined : itemOf(scene, [registry.kindOfId(within)], within);
    if (within !== undefined && !last) places.push(within);
  }
  return places;
}

const holders = new WeakMap<
  ReadonlyMap<string, Item>,
  { readonly by: Registry; readonly types: ReadonlySet<string> }
>();

/** Return the types of what the things of a scene stand in. A collection that did not change is not looked at again. */
export function holdersIn(scene: Scene, registry: Registry): ReadonlySet<string> {
  const types = registry.kinds.flatMap((kind) => {
    const items = kind.paths[0] ? collection(scene, kind.paths[0]) : undefined;
    if (!items) return [];
    const known = holders.get(items);
    if (known?.by === registry) return [...known.types];
    const own = new Set(
      [...items.values()]
        .flatMap((item) => withinOf(registry.kindOfId(item.id), item, registry) ?? [])
        .map(typeOf),
    );
    holders.set(items, { by: registry, types: own });
    return [...own];
  });
  return new Set(types);
}

/** Return what a thing stands in; one without a declaration stands in the quarter that it refers to. */
function withinOf({ declared, within }: Kind, item: Item, registry: Registry): string | undefined {
  if (declared) return within.flatMap((field) => idsIn(item[field]))[0];
  if (!registry.hasQuarters) return undefined;
  return Object.keys(item)
    .filter((name) => name !== "id")
    .flatMap((name) => idsIn(item[name]))
    .find((id) => registry.kindOfId(id).figures.some(({ stands }) => stands.on === "heart"));
}

/** Whether things of a kind have a quarter or a room in the sky of their own. */
export function founds({ figures }: Kind): boolean {
  return figures.some(({ stands }) => stands.on === "heart" || stands.on === "planet");
}

/** Return where things of a kind belong that stand in nothing else. */
function strayHome({ look, within, home }: Kind): string {
  return look === "hall" && within.length > 0 ? CIVIC : districtOf(home.layer);
}

/** Return an item of some kinds from the first collection that has it. */
export function itemOf(scene: Scene, kinds: readonly Kind[], id: string): Item | undefined {
  for (const { paths } of kinds) {
    for (const path of paths) {
      const item = collection(scene, path).get(id);
      if (item) return item;
    }
  }
  return undefined;
}
