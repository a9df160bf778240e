/** Sentences: events in words, by the templates that the map's plugins declare. The twin of `livingmap/core/sentences.py`. */

import type { Change } from "../client/messages.ts";
import type { Item, Json } from "../client/scene.ts";
import type { Locale } from "../i18n/i18n.tsx";
import { isNamed, nameOf, shortId } from "./entities.ts";
import { field, text } from "./json.ts";
import { decimal, plural } from "./wording.ts";

/** Templates of one type of event, by language; of several the first that can be filled counts. */
export type Texts = { readonly [language: string]: string | readonly string[] };

/** What `GET /living-map/sentences` answers: the first entry that an event's type matches counts. */
export type SentenceTable = readonly { readonly event_type: string; readonly texts: Texts }[];

/** An event, with how the items are found that this client has. */
export type Happening = {
  readonly payload: { readonly [name: string]: Json };
  readonly changes: readonly Change[];
  readonly find: (id: string) => Item | undefined;
  readonly locale: Locale;
};

type Hole = { readonly field: string; readonly kind: string; readonly rest: string };

const HOLE = /\{([A-Za-z_][\w.]*)(?::([a-z_][a-z0-9_]*)(?: ([^{}]+))?)?\}/g;

const parsed = new Map<string, readonly (string | Hole)[]>();

/** Return the first template that can be filled; null if none can. */
export function fillSentence(texts: Texts, happening: Happening): string | null {
  const given = texts[happening.locale] ?? texts.en ?? [];
  for (const template of typeof given === "string" ? [given] : given) {
    const filled = fill(template, happening);
    if (filled !== null) return filled;
  }
  return null;
}

/** Return the texts of a type of event; undefined where no plugin has any. */
export function textsOf(table: SentenceTable, eventType: string): Texts | undefined {
  return table.find(({ event_type }) => matches(event_type, eventType))?.texts;
}

/** Return what is shown of an event that no text fits: its type in words, and what it is about. */
export function plainSentence(eventType: string, about: string): string {
  const rest = eventType.replaceAll(".", " ").replaceAll("_", " ");
  return about ? `${about}: ${rest}` : rest;
}

/** Return what an event's payload calls that which it is about; empty where it does not. */
export function aboutOf(payload: Happening["payload"]): string {
  return text(payload.name) || text(payload.slug) || text(payload.source);
}

/** Whether a subject pattern of NATS covers a subject: `*` is exactly one token, `>` one or more. */
export function matches(pattern: string, subject: string): boolean {
  const wanted = pattern.split(".");
  const given = subject.split(".");
  const open = wanted.at(-1) === ">";
  if (open) wanted.pop();
  return (
    (open ? given.length > wanted.length : given.length === wanted.length) &&
    wanted.every((word, at) => word === "*" || word === given[at])
  );
}

function parse(template: string): readonly (string | Hole)[] {
  const kept = parsed.get(template);
  if (kept) return kept;
  const parts: (string | Hole)[] = [];
  let at = 0;
  for (const match of template.matchAll(HOLE)) {
    parts.push(template.slice(at, match.index), {
      field: match[1] ?? "",
      kind: match[2] ?? "",
      rest: match[3] ?? "",
    });
    at = match.index + match[0].length;
  }
  parts.push(template.slice(at));
  parsed.set(template, parts);
  return parts;
}

function fill(template: string, happening: Happening): string | null {
  let filled = "";
  for (const part of parse(template)) {
    const piece = typeof part === "string" ? part : textOf(part, happening);
    if (piece === null) return null;
    filled += piece;
  }
  return filled;
}

function textOf(hole: Hole, happening: Happening): string | null {
  if (hole.field === "subject") return subjectOf(happening);
  const value = valueAt(happening.payload, hole.field);
  const { locale } = happening;
  switch (hole.kind) {
    case "":
      return plain(value, locale);
    case "count":
      return typeof value === "number" && Number.isInteger(value)
        ? `${decimal(value, locale)} ${plural(value, split(hole.rest, "|"), locale)}`
        : null;
    case "percent":
      return typeof value === "number" && value >= 0
        ? `${Math.floor((value > 1 ? value : value * 100) + 0.5)}%`
        : null;
    case "amount":
      return decimal(value, locale);
    case "gain":
    case "loss":
      return moved(value, hole.kind, locale);
    case "word":
      return word(value, split(hole.rest, ";"));
    case "keys":
      return keysOf(value, split(hole.rest, ";"));
    case "short":
      return short(value);
    default:
      return entity(value, hole.kind, happening);
  }
}

function split(text: string, separator: string): readonly string[] {
  return text.split(separator).map((one) => one.trim());
}

function valueAt(payload: Happening["payload"], path: string): Json | undefined {
  return path.split(".").reduce<Json | undefined>((value, name) => field(value, name), payload as Json);
}

function plain(value: Json | undefined, locale: Locale): string | null {
  if (Array.isArray(value))
    return (
      value
        .map((one) => plain(one, locale))
        .filter(Boolean)
        .join(", ") || null
    );
  return typeof value === "string" ? value || null : decimal(value, locale);
}

function moved(value: Json | undefined, kind: "gain" | "loss", locale: Locale): string | null {
  const number = decimal(value, locale);
  if (number === null || number === "0" || number.startsWith("-") !== (kind === "loss")) return null;
  return number.replace("-", "");
}

function word(value: Json | undefined, words: readonly string[]): string | null {
  const key = typeof value === "boolean" ? String(value) : value;
  const found = words.find((one) => one.includes("=") && one.slice(0, one.indexOf("=")) === key);
  return found === undefined ? null : found.slice(found.indexOf("=") + 1);
}

/** Return names of fields in words; one that has none is made readable. */
function keysOf(value: Json | undefined, words: readonly string[]): string | null {
  const names = typeof value === "string" ? [value] : Array.isArray(value) ? value : Object.keys(value ?? {});
  const texts = names.flatMap((one: Json) =>
    typeof one === "string" ? word(one, words) || one.replaceAll("_", " ") : [],
  );
  return texts.filter(Boolean).join(", ") || null;
}

function short(value: Json | undefined): string | null {
  if (typeof value !== "string" || value === "") return null;
  return shortId(value);
}

/** Return the name of the first thing that an event changed. */
export function subjectOf({ changes, find }: Pick<Happening, "changes" | "find">): string | null {
  const first = idsOf(changes)[0];
  return first === undefined ? null : nameOf(first, find(first));
}

/** Return the name of the entity of a type whose id a value is, by itself or as its service writes it. */
function entity(value: Json | undefined, type: string, happening: Happening): string | null {
  if ((typeof value !== "string" && typeof value !== "number") || value === "") return null;
  const name = String(value);
  if (name.includes(":") && !name.startsWith(`${type}:`)) return null;
  const id = name.includes(":") ? name : `${type}:${name}`;
  const known = happening.find(id) ? id : (related(type, happening) ?? id);
  const label = nameOf(known, happening.find(known));
  return isNamed(known, label) ? label : null;
}

/** Return an entity of a type that the event changed, or to which something belongs that the event is about. */
function related(type: string, { changes, payload, find }: Happening): string | undefined {
  const ids = idsOf(changes);
  for (const [name, value] of Object.entries(payload)) {
    if (name.endsWith("_id") && typeof value === "string")
      ids.push(value.includes(":") ? value : `${name.slice(0, -3)}:${value}`);
  }
  const own = ids.find((id) => id.startsWith(`${type}:`) && find(id));
  if (own) return own;
  const owners = ids.map((id) => find(id)?.[`${type}_id`]);
  return owners.find((owner): owner is string => typeof owner === "string");
}

function idsOf(changes: readonly Change[]): string[] {
  return changes.flatMap((change) => (change.op === "total" ? [] : [change.id]));
}
