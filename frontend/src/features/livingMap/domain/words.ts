/** The words for kinds, layers, statuses and fields: those that are declared, else the page's, else the term made readable. */

import type { Json } from "../client/scene.ts";
import type { Language, PluralForms } from "../i18n/i18n.tsx";
import type { Figure } from "./figure.ts";
import type { Kind } from "./kind.ts";
import type { Registry } from "./registry.ts";
import { canonical } from "./status.ts";

/** Return the forms that go with a count of a kind. */
export function countForms({ counts, plural, label }: Kind): PluralForms {
  return { ...counts, other: counts.other || plural || label };
}

/** Return a count of a kind in words: "2 agents". */
export function counted(count: number, kind: Kind, { plural, number }: Language): string {
  return `${number(count)} ${plural(count, countForms(kind))}`;
}

/** Return names as a list; of more than `most`, the first and how many more there are. */
export function nameList(names: readonly string[], most: number, { words, list, fill }: Language): string {
  const rest = names.length - most;
  return rest > 0 ? `${names.slice(0, most).join(", ")} ${fill(words.details.more, { n: rest })}` : list(names);
}

export function layerWord(name: string, registry: Registry): string {
  return registry.layerOf(name)?.title ?? readable(name);
}

/**
 * Return the word for a status of a kind: its label, or the page's word, which every spelling of a status has. A label
 * that only repeats the status is a word in English alone, in which statuses are written.
 */
export function statusWord(status: Json | undefined, { words, locale }: Language, kind: Kind): string {
  if (typeof status !== "string" && typeof status !== "number" && typeof status !== "boolean") return "";
  const raw = String(status);
  const word = (name: string) => {
    const label = Object.hasOwn(kind.statuses, name) ? kind.statuses[name]?.label : undefined;
    const isOwn = label && (locale === "en" || label !== readable(name));
    return isOwn ? label : entry(words.statuses, name);
  };
  return word(raw) ?? word(raw.toLowerCase()) ?? word(canonical(raw)) ?? readable(raw);
}

/** Return the word for one of a few that services choose from, such as `public`; what the page has no word for, as it was sent. */
export function valueWord(value: string, { words }: Language): string {
  return entry(words.values, value) ?? value;
}

/** Return the word for an alert: a code as its declared status has it, and what is a message as it is. */
export function alertWord(text: string, language: Language, kind: Kind): string {
  const word = statusWord(text, language, kind);
  return word === text ? word.replaceAll(".", " ") : word;
}

/** Return what a field of a kind is called: as it is declared, else in the page's words, else its name made readable. */
export function fieldWord(name: string, kind: Kind, { words }: Language): string {
  const declared =
    kind.fields.find((field) => field.name === name) ?? kind.relations.find(({ field }) => field === name);
  const term = name === kind.status ? "status" : name;
  return declared?.label || (entry(words.fields, term) ?? entry(words.loads, term) ?? unnamed(term));
}

/** Return what a load is called, by its declaration or as machines' loads are. */
export function loadWord(name: string, kind: Kind, { words }: Language): string {
  const declared = kind.fields.find((field) => field.name === name)?.label;
  return declared || (entry(words.loads, readable(name)) ?? readable(name));
}

/** Return what a figure is called, in the middle of a line, and what several are called. */
export function figureWords(
  figure: Figure,
  registry: Registry,
): { readonly name: string; readonly plural: string } | undefined {
  const kind = registry.kindOfFigure(figure);
  return kind && { name: kind.counts.one || kind.label, plural: kind.plural || kind.label };
}

/** Return a term made readable: `usage.tokens_24h` without its path and its underscores. */
export function readable(name: string): string {
  return name.slice(name.lastIndexOf(".") + 1).replaceAll("_", " ");
}

/** Return what a reference is called that nobody has named: `owner` for `owner_id`. */
export function unnamed(name: string): string {
  return readable(name.replace(/_ids?$/, ""));
}

/** Return a text as it begins a line: "Last scrape". */
export function capital(text: string): string {
  return text.slice(0, 1).toLocaleUpperCase() + text.slice(1);
}

/** Names come from any service: `constructor` is a name like any other. */
function entry(words: Readonly<Record<string, string>>, name: string): string | undefined {
  return Object.hasOwn(words, name) ? words[name] : undefined;
}
