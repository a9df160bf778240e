/** Values in words, short enough for a line, and what of them differs. The twin of `livingmap/client/values.py`. */

import type { TypeTable } from "../client/api.ts";
import type { Json } from "../client/scene.ts";
import { field, isObject } from "./json.ts";
import { decimal } from "./wording.ts";

type Lang = "en" | "uk";
export type FieldWords = { readonly lang: Lang; readonly kind: TypeTable["types"][number] | undefined };

const NOTHING = "—";
const MOST_LETTERS = 60;
const MOST_ITEMS = 6;
const MOST_PARTS = 12;
/** The fields by which a thing in a list is called. */
const NAMES = ["message", "title", "name", "type", "id"];
const BOOLS = { en: ["no", "yes"], uk: ["ні", "так"] } as const;
/** The map's own statuses, which are words of English. */
const STATUSES: Readonly<Record<string, string>> = {
  active: "активно",
  online: "в мережі",
  busy: "працює",
  idle: "чекає",
  offline: "не в мережі",
  degraded: "з перебоями",
  inactive: "неактивно",
  deleted: "видалено",
  error: "помилка",
  failed: "збій",
  unknown: "невідомо",
};

/** Return the value of a field as its type calls it. */
export function valueText({ lang, kind }: FieldWords, path: string, given: Json): string {
  if (given === null) return NOTHING;
  const value = isObject(given) ? called(given) : given;
  const isStatus = path === "status" || path === kind?.status;
  if (typeof value === "string" && (isStatus || Object.hasOwn(kind?.statuses ?? {}, value))) {
    const label = kind?.statuses[value]?.label ?? "";
    if (label && (lang === "en" || label !== readable(value))) return label;
    return isStatus ? statusText(value, lang) : value;
  }
  const declared = kind?.fields.find(({ name }) => name === path);
  return textOf(value, lang, declared?.kind, declared?.unit);
}

/** Return a value in words; `kind` and `unit` are those of a field of a type. */
function textOf(given: Json, lang: Lang, kind = "auto", unit = ""): string {
  if (typeof given === "boolean") return BOOLS[lang][given ? 1 : 0];
  const isNumber = kind === "number" || kind === "ratio" || kind === "amounts";
  if (typeof given === "number" || (isNumber && decimal(given, lang))) return numberText(given, lang, kind, unit);
  const value = isObject(given) ? called(given) : given;
  const text = Array.isArray(value)
    ? cut(
        value.map((one: Json) => textOf(one, lang)),
        MOST_ITEMS,
      ).join(", ") || "[]"
    : String(value);
  const letters = [...text];
  return letters.length <= MOST_LETTERS ? text : `${letters.slice(0, MOST_LETTERS - 1).join("")}…`;
}

function numberText(value: Json, lang: Lang, kind: string, unit: string): string {
  if (kind === "ratio" && typeof value === "number" && value >= 0 && value <= 1)
    return `${decimal(rounded(value * 100, 1), lang)}%`;
  const number = typeof value === "number" ? rounded(value, 3) : value;
  const text = decimal(number, lang) ?? String(number);
  return unit ? `${text} ${unit}` : text;
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

function statusText(status: string, lang: Lang): string {
  const own = lang === "uk" && Object.hasOwn(STATUSES, status) ? STATUSES[status] : undefined;
  return own ?? status.replaceAll("_", " ");
}

/** Return a name of the program as words, as the map makes labels of it. */
function readable(name: string): string {
  return (
    name
      .replace(/_ids?$/, "")
      .replace(/[_.]/g, " ")
      .trim() || name
  );
}

/** Return what a thing within a list is called, such as an alert; else all of it. */
function called(thing: { readonly [name: string]: Json }): Json {
  for (const name of NAMES) {
    const value = field(thing, name);
    if (value) return value;
  }
  return JSON.stringify(thing);
}

/** Yield the values within a field that differ, each by the path to it. */
export function* partsOf(path: string, before: Json, after: Json): Generator<readonly [string, Json, Json]> {
  const [old, fresh] = [isObject(before) ? before : {}, isObject(after) ? after : {}];
  const names = new Set([...Object.keys(old), ...Object.keys(fresh)]);
  const isThing = [before, after].every((one) => one === null || isObject(one));
  if (!isThing || names.size === 0) {
    yield [path, before, after];
    return;
  }
  for (const name of names) {
    const [was, is] = [old[name] ?? null, fresh[name] ?? null];
    if (JSON.stringify(was) !== JSON.stringify(is)) yield* partsOf(`${path}.${name}`, was, is);
  }
}

/** Return what came into a list and what went from it. */
export function moved(before: readonly string[], after: readonly string[]): string {
  const came = after.filter((one) => !before.includes(one)).map((one) => `+${one}`);
  const went = before.filter((one) => !after.includes(one)).map((one) => `-${one}`);
  return [...came, ...went].slice(0, MOST_PARTS).join(", ");
}

/** Return what became different within the things of a list, such as the load that an alert names. */
export function altered(
  { lang }: FieldWords,
  before: ReadonlyMap<string, Json | undefined>,
  names: readonly string[],
  after: readonly Json[],
): string {
  const text = (value: Json) => (value === null ? NOTHING : textOf(value, lang));
  const texts = after.flatMap((thing, at) => {
    if (!isObject(thing)) return [];
    const name = names[at] ?? "";
    return [...partsOf("", before.get(name) ?? null, thing)].flatMap(([path, was, is]) =>
      text(was) === text(is) ? [] : [`${name}: ${path.replace(/^\./, "")} ${text(was)} → ${text(is)}`],
    );
  });
  return texts.slice(0, MOST_PARTS).join(", ");
}

/** Return the first texts, and a mark if there are more. */
export function cut(texts: readonly string[], most: number): readonly string[] {
  return texts.length > most ? [...texts.slice(0, most), "…"] : texts;
}
