/** What an entry of the history changed of a thing, as people read it: each field with what it was and what it is. */

import type { Json } from "../client/scene.ts";
import { reach } from "../client/time.ts";
import { alertsOf } from "./alerts.ts";
import { changesOf, type FieldChange, type HistoryEntry } from "./history.ts";
import type { Kind } from "./kind.ts";
import { isLoad } from "./loads.ts";
import { REFRESHED, type Reading } from "./occurrences.ts";
import type { TypeField } from "./types.ts";
import { type Word, wordsOf } from "./valueWords.ts";
import { alertWord, fieldWord, statusWord } from "./words.ts";

export type ChangedField = {
  readonly name: string;
  readonly label: string;
  readonly before: readonly Word[];
  readonly after: readonly Word[];
  /** Whether it is a list: then only what went is before, and only what came is after. */
  readonly isList: boolean;
};

/** Either that it came or went, or how its fields changed; nothing where that has no words. */
export type Changed = { readonly text: string; readonly fields: readonly ChangedField[] };

export const UNCHANGED: Changed = { text: "", fields: [] };

const MOST_FIELDS = 4;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d/;
/** A time so near to an event is that of the event itself. */
const NEAR_MS = 120_000;

/** Return what an entry changed of a thing. Differences too small to be seen are left out. */
export function changedOf(entry: HistoryEntry, id: string, by: Reading): Changed {
  const { registry, language } = by;
  const own = changesOf(entry, id);
  if (own.some(({ went }) => went)) return { text: language.words.details.left, fields: [] };
  if (own.some(({ came }) => came)) return { text: language.words.details.appeared, fields: [] };
  const kind = registry.kindOfId(id);
  const at = reach(entry.timestamp);
  const changes = new Map(own.flatMap(({ fields }) => fields).map((field) => [field.name, field]));
  const fields = [...changes.values()]
    .filter(({ to }) => !isTimeNear(to, at))
    .map((change) => changedField(change, kind, id, by))
    .filter(({ before, after }) => textOf(before) !== textOf(after));
  return { text: "", fields: fields.slice(0, MOST_FIELDS) };
}

/** Whether an entry is a poll that found nothing of a thing that people would see. */
export function isNothing(entry: HistoryEntry, changed: Changed): boolean {
  return entry.event_type === REFRESHED && isUnchanged(changed);
}

export function isUnchanged({ text, fields }: Changed): boolean {
  return !text && fields.length === 0;
}

function isTimeNear(value: Json, at: number): boolean {
  return typeof value === "string" && TIME.test(value) && Math.abs(Date.parse(value) - at) < NEAR_MS;
}

function changedField({ name, from, to }: FieldChange, kind: Kind, id: string, by: Reading): ChangedField {
  const [before, after] = [from, to].map((value) => fieldWords(name, value, kind, id, by)) as [Word[], Word[]];
  const label = fieldWord(name, kind, by.language);
  const isList = [from, to].every((value) => value === null || Array.isArray(value));
  if (!isList) return { name, label, before, after, isList };
  const [gone, come] = [without(before, after), without(after, before)];
  return { name, label, before: gone, after: come, isList };
}

function fieldWords(name: string, value: Json, kind: Kind, id: string, by: Reading): readonly Word[] {
  const { language } = by;
  if (value === false) return []; // as good as missing: nobody sees it come
  if (name === kind.status) {
    const text = statusWord(value, language, kind);
    return text ? [{ text, id: null }] : [];
  }
  if (name === "alerts")
    return alertsOf({ id, alerts: value }).map(({ text }) => ({
      text: alertWord(text, language, kind),
      id: null,
    }));
  const declared = kind.fields.find((field) => field.name === name);
  return wordsOf(value, declared ?? undeclared(name), kind, by);
}

function undeclared(name: string): TypeField {
  return { name, label: name, kind: isLoad(name) ? "ratio" : "auto", unit: "", table: false };
}

function without(words: readonly Word[], others: readonly Word[]): readonly Word[] {
  return words.filter((one) => !others.some(({ text }) => text === one.text));
}

function textOf(words: readonly Word[]): string {
  return words.map(({ text }) => text).join();
}
