/** The words for kinds, statuses and fields: a kind's own, else the page's, else the term itself made readable. */

import type { Json } from "../client/scene.ts";
import type { Language } from "../i18n/i18n.tsx";
import type { Figure } from "./figure.ts";
import type { Kind } from "./kind.ts";
import { layerOf } from "./layers.ts";
import { kindOf, kindOfFigure } from "./registry.ts";
import { canonical } from "./status.ts";

export function typeWord(type: string, { of }: Language): string {
  return of(kindOf(type).words).name;
}

export function layerWord(name: string, language: Language): string {
  const layer = layerOf(name);
  return layer ? language.of(layer.words).name : (entry(language.words.layers.others, name) ?? name);
}

/** Return the word for a status of a type; every spelling of a status has the same word. */
export function statusWord(status: Json | undefined, { words, of }: Language, type = ""): string {
  if (typeof status !== "string" && typeof status !== "number" && typeof status !== "boolean") return "";
  const raw = String(status);
  const own = of(kindOf(type).words).statuses ?? {};
  const word = (name: string) => entry(own, name) ?? entry(words.statuses, name);
  return word(raw) ?? word(canonical(raw)) ?? raw;
}

export function fieldWord(name: string, kind: Kind, { words, of }: Language): string {
  const own = of(kind.words).fields ?? {};
  return entry(own, name) ?? entry(words.fields, name) ?? readable(name);
}

/** Return the word for a number that a thing reports. */
export function numberWord(name: string, kind: Kind, { words, of }: Language): string {
  const own = of(kind.words).fields ?? {};
  return entry(own, name) ?? entry(words.values, name) ?? readable(name);
}

/** Return what a figure is called, in the middle of a line, and what several are called. */
export function figureWords(figure: Figure, { of }: Language): { readonly name: string; readonly plural: string } {
  if (figure.words) return of(figure.words);
  const { count, plural, name } = of(kindOfFigure(figure).words);
  return { name: count.one ?? name, plural };
}

export function readable(name: string): string {
  return name.replaceAll("_", " ");
}

/** Names come from any service: `constructor` is a name like any other. */
function entry(words: Readonly<Record<string, string>>, name: string): string | undefined {
  return Object.hasOwn(words, name) ? words[name] : undefined;
}
