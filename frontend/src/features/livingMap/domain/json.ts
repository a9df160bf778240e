/** Reading JSON that may be anything: a value of the wrong type counts as missing. */

import type { Json } from "../client/scene.ts";

/** Whether a value is a JSON object. */
export function isObject(value: Json | undefined): value is { readonly [name: string]: Json } {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

/** Return a field of a JSON object; undefined if the value is not an object or has no such field. */
export function field(value: Json | undefined, name: string): Json | undefined {
  return isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

export function numberIn(value: Json | undefined, name: string): number | undefined {
  const number = field(value, name);
  return typeof number === "number" ? number : undefined;
}

export function text(value: Json | undefined): string {
  return typeof value === "string" ? value : "";
}

/** Return the ids that a field names: one, a list, or none. */
export function idsIn(value: Json | undefined): readonly string[] {
  if (typeof value === "string") return [value];
  return Array.isArray(value) ? value.filter((one): one is string => typeof one === "string") : [];
}

/** Return the value of a field by its name, or by the way to it: `metrics.cpu`. */
export function valueAt(value: Json | undefined, path: string): Json | undefined {
  const own = field(value, path);
  if (own !== undefined || !path.includes(".")) return own;
  return path.split(".").reduce<Json | undefined>((part, name) => field(part, name), value);
}

/** Return a number by its name or the way to it, also one that is written as a text. */
export function numberAt(value: Json | undefined, path: string): number | undefined {
  const number = valueAt(value, path);
  const read = typeof number === "string" && number.trim() !== "" ? Number(number) : number;
  return typeof read === "number" && Number.isFinite(read) ? read : undefined;
}
