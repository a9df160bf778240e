/** How much of a machine is in use. */

import type { Item, Json } from "../client/scene.ts";
import { field, numberAt, numberIn } from "./json.ts";
import type { Tone } from "./tones.ts";
import type { TypeRow } from "./types.ts";

const HIGH = 0.75;
const FULL = 0.9;

/** The names under which machines of any kind report what of them is in use, each by its other names, too. */
const MEASURED = [["cpu"], ["gpu"], ["ram", "memory"]] as const;

export type Load = { readonly name: string; readonly load: number };

/** Return the shares of a thing that are in use, each from 0 to 1: those that are declared, else those of any machine. */
export function loadsOf(item: Item, { fields }: Pick<TypeRow, "fields">): readonly Load[] {
  const declared = fields.flatMap(({ name, kind }) => {
    const load = kind === "ratio" ? numberAt(item, name) : undefined;
    return load === undefined ? [] : [{ name, load: share(load) }];
  });
  return declared.length > 0 ? declared : measured(item);
}

/** Return the loads of a machine under the names that need no declaration. */
export function measured(item: Item): readonly Load[] {
  const inner = field(item, "metrics");
  return MEASURED.flatMap((names) => {
    const found = names
      .map((name) => [name, numberIn(inner ?? item, name)] as const)
      .find(([, load]) => load !== undefined);
    return found ? [{ name: inner ? `metrics.${found[0]}` : found[0], load: share(found[1]) }] : [];
  });
}

/** Whether a field is a load of a machine, by its name: a high one is trouble. */
export function isLoad(path: string): boolean {
  const last = path.slice(path.lastIndexOf(".") + 1);
  return MEASURED.some((names) => names.some((name) => name === last));
}

/** Return the highest of the loads of a machine; undefined for what reports none. */
export function loadOf(item: Item): number | undefined {
  const loads = measured(item).map(({ load }) => load);
  return loads.length > 0 ? Math.max(...loads) : undefined;
}

export function toneOfLoad(load: number): Tone {
  return load >= FULL ? "bad" : load >= HIGH ? "warn" : "good";
}

/** Return the tone of a share by its name: of what is no load of a machine, much is neither good nor bad. */
export function toneOfShare({ name, load }: Load): Tone {
  return isLoad(name) ? toneOfLoad(load) : "busy";
}

/** Whether a machine is so full that it is listed among the problems. */
export function isOverloaded(load: number): boolean {
  return load >= FULL;
}

/** Return a measured load as a share; events measure in percent, too. */
export function shareOf(value: Json | undefined): number | undefined {
  return typeof value === "number" ? (value > 1 ? value / 100 : value) : undefined;
}

function share(value: number | undefined): number {
  return Math.max(0, Math.min(1, value ?? 0));
}
