/** Changes in words, for programs that show them: the twin of `ChangeTexts` in `livingmap.client`. */

import type { HistoryItem, MapClient, TypeTable } from "../client/api.ts";
import type { Json } from "../client/scene.ts";
import { altered, cut, type FieldWords, moved, partsOf, valueText } from "./changeValues.ts";
import { typeOf } from "./entities.ts";
import { plural } from "./wording.ts";

type HistoryChange = NonNullable<HistoryItem["changes"]>[number];
type Lang = "en" | "uk";
type Span = readonly [first: string, last: string];
type TypeWords = TypeTable["types"][number];
type What = "" | "came" | "went";

/** How a field changed: the last part of its path, what it is called, how, and how much that matters, 0 most. */
type Field = {
  readonly name: string;
  readonly word: string;
  readonly text: string;
  readonly rank: number;
  readonly isDeclared: boolean;
};
type Thing = { readonly name: string; what: What; readonly fields: Field[] };

const MOST_FIELDS = 12;
const NEAR_MS = 120_000;
const TIME = /^\d{4}-\d\d-\d\d([T ]|$)/;
const WORDS = {
  en: { came: "new on the map", went: "no longer on the map", status: "status" },
  uk: { came: "тепер є на мапі", went: "більше немає на мапі", status: "статус" },
};
const MORE = {
  en: ["and {n} more", "change", "changes"],
  uk: ["та ще {n}", "зміна", "зміни", "змін"],
} as const;

/** What changed, by what the map calls its types, in one language. */
export class ChangeTexts {
  readonly #types: ReadonlyMap<string, TypeWords>;
  readonly #lang: Lang;

  constructor(types: Pick<TypeTable, "types">, lang: Lang = "en") {
    this.#types = new Map(types.types.map((one) => [one.name, one]));
    this.#lang = lang;
  }

  /** Ask a map for its types; one that does not say what it has gets plain names. */
  static async of(client: MapClient, lang: Lang = "en"): Promise<ChangeTexts> {
    return new ChangeTexts(await client.types({ lang }).catch(() => ({ types: [] })), lang);
  }

  /**
   * Return changes of an entry of the history, a line for each thing: `agent:sofia  status: idle → busy`. What came,
   * went or changed its status comes first, and what only has other numbers last. Times within the `span` in which it
   * happened are left out, and so are differences too small to be seen.
   */
  lines(changes: readonly HistoryChange[], span?: Span): readonly string[] {
    const things = new Map<string, Thing>();
    for (const change of changes) {
      const name = subjectOf(change);
      const thing = things.get(name) ?? { name, what: "", fields: [] };
      things.set(name, thing);
      thing.what = change.came ? "came" : change.went ? "went" : thing.what;
      thing.fields.push(...this.#fields(change, span));
    }
    return [...things.values()]
      .filter(({ what, fields }) => what || fields.length > 0)
      .sort((one, other) => rankOf(one) - rankOf(other))
      .map((thing) => this.#line(thing));
  }

  /** Return how many changes are not shown: `and 3 more changes`. */
  more(number: number): string {
    const [text, ...forms] = MORE[this.#lang];
    return `${text.replace("{n}", String(number))} ${plural(number, forms, this.#lang)}`;
  }

  #line({ name, what, fields }: Thing): string {
    const texts = cut(textsOf(fields), MOST_FIELDS).join("; ");
    return `${name}  ${[what && WORDS[this.#lang][what], texts].filter(Boolean).join(": ")}`;
  }

  #fields(change: HistoryChange, span: Span | undefined): Field[] {
    const kind = this.#types.get(typeOf(change.id ?? ""));
    const words: FieldWords = { lang: this.#lang, kind };
    const parts = change.fields.flatMap(({ name, from, to }) => [...partsOf(name, from as Json, to as Json)]);
    return parts.flatMap(([path, before, after]) => {
      const text = isWithin(after, span) ? null : changeText(words, path, change, before, after);
      if (!text) return [];
      const isStatus = path === "status" || path === kind?.status;
      const rank = isStatus ? 0 : typeof after === "number" ? 2 : 1;
      const label = labelIn(kind, path);
      const word = label || (path === "status" ? WORDS[this.#lang].status : path);
      return [{ name: path.slice(path.lastIndexOf(".") + 1), word, text, rank, isDeclared: label !== "" }];
    });
  }
}

/** Return how a value changed; null if that cannot be seen. */
function changeText(
  words: FieldWords,
  path: string,
  { came, went }: HistoryChange,
  before: Json,
  after: Json,
): string | null {
  const textOf = (value: Json) => valueText(words, path, value);
  if (Array.isArray(before) && Array.isArray(after)) {
    const [old, fresh] = [before.map(textOf), after.map(textOf)];
    return moved(old, fresh) || altered(words, new Map(old.map((one, at) => [one, before[at]])), fresh, after);
  }
  const [old, fresh] = [textOf(before), textOf(after)];
  if (old === fresh) return null;
  return came ? fresh : went ? old : `${old} → ${fresh}`;
}

/** Return what is shown of fields, what matters first; of two `cpu` the one that is declared. */
function textsOf(fields: readonly Field[]): readonly string[] {
  const declared = new Set(
    fields.filter((one) => one.isDeclared).flatMap(({ name, word }) => [name, word.toLowerCase()]),
  );
  const shown = fields.filter(({ isDeclared, word }) => isDeclared || !declared.has(word.toLowerCase()));
  const texts = shown.toSorted((one, other) => one.rank - other.rank).map(({ word, text }) => `${word}: ${text}`);
  return [...new Set(texts)];
}

function rankOf({ what, fields }: Thing): number {
  return what ? 0 : Math.min(...fields.map(({ rank }) => rank));
}

function subjectOf({ id, label, layer }: HistoryChange): string {
  if (id === null) return layer;
  return label && label !== id.slice(id.indexOf(":") + 1) ? `${id} “${label}”` : id;
}

/** Return what the type of a thing calls a field; empty if it does not declare it. */
function labelIn(kind: TypeWords | undefined, path: string): string {
  const relation = kind?.relations.find(({ field }) => field === path);
  return relation?.label || kind?.fields.find(({ name }) => name === path)?.label || "";
}

/** Whether a value is a time of the span in which it came, as `last_active_at` is. */
function isWithin(value: Json, span: Span | undefined): boolean {
  if (!span || typeof value !== "string" || !TIME.test(value)) return false;
  const [first, time, last] = [span[0], value, span[1]].map((one) => Date.parse(one));
  return first !== undefined && time !== undefined && last !== undefined
    ? first - NEAR_MS < time && time < last + NEAR_MS
    : false;
}
