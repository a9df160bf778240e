/** What happened, line by line: an entry of the history as people read it, with what it changed. */

import type { Change, MapEvent } from "../client/messages.ts";
import type { Item, Json, Scene } from "../client/scene.ts";
import type { Language } from "../i18n/i18n.tsx";
import { alertsOf } from "./alerts.ts";
import { labelOf, typeOf } from "./entities.ts";
import { sentence, subjectOf, topicOf } from "./events.ts";
import { type EntryChange, eventOf, type HistoryEntry, keyOf } from "./history.ts";
import { placesOf } from "./homes.ts";
import { text } from "./json.ts";
import { isLoad, isOverloaded, shareOf } from "./loads.ts";
import { nameThen } from "./names.ts";
import type { Registry } from "./registry.ts";
import { referredBy } from "./relations.ts";
import type { SentenceTable } from "./sentences.ts";
import { toneOf } from "./status.ts";
import { isTrouble, type Tone } from "./tones.ts";
import { alertWord, counted, loadWord, statusWord } from "./words.ts";

/** How much it matters: trouble that began, something that came, went or is in another condition, or else. */
export type Weight = "trouble" | "notable" | "minor";
export const WEIGHTS: readonly Weight[] = ["trouble", "notable", "minor"];

export type Occurrence = {
  readonly key: string;
  readonly at: string;
  readonly eventType: string;
  /** The type of what it is about; `sources` for what the map itself notes, empty for nothing on the map. */
  readonly topic: string;
  readonly subject: string | null;
  readonly layer: string;
  readonly text: string;
  /** The same without the name, where it is about a thing that is named; else empty. */
  readonly predicate: string;
  /** What its subject refers to; of several, what all of them refer to. */
  readonly refers: readonly string[];
  /** How it is now, where that is another condition than before. */
  readonly tone: Tone | null;
  readonly weight: Weight;
};

export type Reading = {
  readonly scene: Scene;
  readonly registry: Registry;
  readonly language: Language;
  readonly table: SentenceTable;
  /** Only what happened in this quarter, around this planet, or in another thing; without it, everywhere. */
  readonly place?: string;
};

const MOST_NAMES = 4;

const read = new WeakMap<HistoryEntry, { by: Reading; lines: readonly Occurrence[] }>();

/** Return what an entry says, the gravest first. What was read once is not read again. */
export function occurrencesOf(entry: HistoryEntry, by: Reading): readonly Occurrence[] {
  const known = read.get(entry);
  if (
    known &&
    known.by.registry === by.registry &&
    known.by.table === by.table &&
    known.by.place === by.place &&
    known.by.language === by.language
  )
    return known.lines;
  const lines = linesOf(entry, by);
  read.set(entry, { by, lines });
  return lines;
}

function linesOf(entry: HistoryEntry, by: Reading): readonly Occurrence[] {
  const isHere = ({ subject }: Occurrence) => subject !== null && isIn(entry, subject, by);
  if (entry.event_type === REFRESHED) return pollLines(entry, by).filter((one) => !by.place || isHere(one));
  return [eventLine(entry, by)].filter((one) => !by.place || isHere(one));
}

/** Return a thing as the scene has it, or as it was when it went. */
function thingIn({ changes }: HistoryEntry, id: string, { registry, scene }: Reading): Item | undefined {
  const item = registry.find(scene, id)?.item;
  if (item) return item;
  const gone = (changes ?? []).filter((one) => one.id === id && one.went).flatMap(({ fields }) => fields);
  return gone.length > 0 ? { ...Object.fromEntries(gone.map(({ name, from }) => [name, from])), id } : undefined;
}

/** Whether a thing is the place that is asked for, or stands in it; not one of which that is not known any more. */
function isIn(entry: HistoryEntry, id: string, { place = "", ...by }: Reading): boolean {
  const item = thingIn(entry, id, by);
  return item !== undefined && placesOf(item, by.registry, by.scene).includes(place);
}

/** Return what all of some things refer to. */
function referredByAll(entry: HistoryEntry, ids: readonly string[], by: Reading): readonly string[] {
  const sets = ids.map((id) => {
    const item = thingIn(entry, id, by);
    return new Set(item ? referredBy(item, by.registry).flatMap(([, own]) => own) : []);
  });
  return [...(sets[0] ?? [])].filter((id) => sets.every((own) => own.has(id)));
}

/** A poll that found a difference: the event itself says only how much. */
export const REFRESHED = "livingmap.source.refreshed";

/** Return a live event as an entry of the history: with what the client held before it came. */
export function entryOf(event: MapEvent): HistoryEntry {
  let entry = entries.get(event);
  if (!entry) {
    const { cursor, timestamp, event_type, payload, changes, former } = event;
    const entryChanges = changes.map((change, at) => ({
      ...changeOf(change, former?.[at]),
      came: change.op === "put" && former !== undefined && former[at] === undefined,
    }));
    entry = { id: cursor, cursor, timestamp, event_type, payload, changes: entryChanges };
    entries.set(event, entry);
  }
  return entry;
}

const entries = new WeakMap<MapEvent, HistoryEntry>();

type Fields = { readonly [name: string]: Json };

function changeOf(change: Change, former: Fields = {}): EntryChange {
  const { op, layer } = change;
  const before = (name: string) => (Object.hasOwn(former, name) ? (former[name] ?? null) : null);
  if (op === "drop") {
    const { collection, id } = change;
    const gone = Object.entries(former).filter(([name]) => name !== "id");
    const fields = gone.map(([name, from]) => ({ name, from, to: null }));
    return { op, layer, collection, id, label: labelOf({ ...former, id }), went: true, fields };
  }
  const set = Object.entries(change.set).map(([name, to]) => ({ name, from: before(name), to }));
  const fields = [...set, ...change.unset.map((name) => ({ name, from: before(name), to: null }))];
  if (op === "total") return { op, layer, collection: null, id: null, went: false, fields };
  return { op, layer, collection: change.collection, id: change.id, went: false, fields };
}

function eventLine(entry: HistoryEntry, by: Reading): Occurrence {
  const { scene, registry, language, table } = by;
  const event = eventOf(entry);
  const subject = subjectOf(event, scene, registry);
  const turns = [...turnsIn(entry, by), ...alarmsIn(entry, by)];
  const turn = turns.find(({ change }) => change.id === subject) ?? turns[0];
  const moved = (entry.changes ?? []).some(({ came, went }) => came || went);
  return {
    ...basisOf(entry, ""),
    topic: topicOf(event, scene, registry),
    subject,
    layer: layerOf(entry, subject, registry),
    text: sentence(event, scene, registry, language, table),
    predicate: "",
    refers: subject ? referredByAll(entry, [subject], by) : [],
    tone: turn?.tone ?? null,
    weight: turn && isTrouble(turn.tone) ? "trouble" : turn || moved ? "notable" : "minor",
  };
}

function pollLines(entry: HistoryEntry, by: Reading): readonly Occurrence[] {
  const { place } = by;
  const changes = (entry.changes ?? []).filter(({ id }) => !place || isIn(entry, id ?? "", by));
  const turns = [...turnsIn(entry, by), ...alarmsIn(entry, by)].sort(
    (one, other) => Number(isTrouble(other.tone)) - Number(isTrouble(one.tone)),
  );
  const lines = [
    ...turns.filter(({ change }) => changes.includes(change)).map((turn, at) => turnLine(entry, turn, at, by)),
    ...movedLines(
      entry,
      changes.filter(({ came }) => came),
      "came",
      by,
    ),
    ...movedLines(
      entry,
      changes.filter(({ went }) => went),
      "went",
      by,
    ),
  ];
  return lines.length > 0 ? lines : [eventLine(entry, by)];
}

type TurnIn = {
  readonly change: EntryChange;
  readonly tone: Tone;
  readonly name: string;
  readonly predicate: string;
};

/** Return what of an entry is in another condition than before. */
function turnsIn(entry: HistoryEntry, { registry, scene, language }: Reading): TurnIn[] {
  const seen = new Set<string>();
  return (entry.changes ?? []).flatMap((change) => {
    const id = change.id ?? "";
    const kind = registry.kindOfId(id);
    const turn = change.fields.find(({ name, from, to }) => name === kind.status && from !== to);
    if (!turn || change.came || typeof turn.to !== "string" || seen.has(id)) return [];
    seen.add(id);
    const words = [turn.from, turn.to].map((one) => statusWord(one, language, kind)).filter(Boolean);
    const name = nameThen(change.label, id, scene, registry);
    return [{ change, tone: toneOf(turn.to, kind), name, predicate: words.join(" → ") }];
  });
}

/** Return what of an entry raises an alarm that it did not raise before, or is full that was not. */
function alarmsIn(entry: HistoryEntry, { registry, scene, language }: Reading): TurnIn[] {
  return (entry.changes ?? []).flatMap((change) => {
    const id = change.id ?? "";
    if (change.came || change.op !== "put") return [];
    const kind = registry.kindOfId(id);
    const name = nameThen(change.label, id, scene, registry);
    return change.fields.flatMap(({ name: field, from, to }): TurnIn[] => {
      if (field === "alerts") {
        const before = new Set(alertsOf({ id, alerts: from }).map(({ text: one }) => one));
        return alertsOf({ id, alerts: to })
          .filter((one) => isTrouble(one.tone) && !before.has(one.text))
          .map((one) => ({ change, tone: one.tone, name, predicate: alertWord(one.text, language, kind) }));
      }
      const [was, is] = [shareOf(from), shareOf(to)];
      if (!isLoad(field) || is === undefined || !isOverloaded(is) || (was !== undefined && isOverloaded(was)))
        return [];
      const load = { what: loadWord(field, kind, language), n: language.percent(is) };
      return [{ change, tone: "bad", name, predicate: language.fill(language.words.problems.load, load) }];
    });
  });
}

function turnLine(
  entry: HistoryEntry,
  { change, tone, name, predicate }: TurnIn,
  at: number,
  by: Reading,
): Occurrence {
  const id = change.id ?? "";
  return {
    ...basisOf(entry, `turn ${at}`),
    topic: typeOf(id),
    subject: id,
    layer: by.registry.homeOf(typeOf(id)) ?? change.layer,
    text: `${name}: ${predicate}`,
    predicate,
    refers: referredByAll(entry, [id], by),
    tone,
    weight: isTrouble(tone) ? "trouble" : "notable",
  };
}

/** Return one line for each type of which things came or went: in how many layers each was does not count. */
function movedLines(
  entry: HistoryEntry,
  changes: readonly EntryChange[],
  how: "came" | "went",
  by: Reading,
): Occurrence[] {
  const { scene, registry, language } = by;
  const types = new Set(changes.map(({ id }) => typeOf(id ?? "")));
  return [...types].flatMap((type) => {
    const own = changes.filter(({ id }) => typeOf(id ?? "") === type);
    const ids = [...new Set(own.flatMap(({ id }) => (id ? [id] : [])))];
    const [first] = ids;
    if (first === undefined) return [];
    const label = (id: string) => nameThen(own.find((one) => one.id === id)?.label, id, scene, registry);
    const names = ids.slice(0, MOST_NAMES).map(label);
    const rest = ids.length > names.length ? ["…"] : [];
    const kind = registry.kindOf(type);
    const what = ids.length === 1 ? kind.label : counted(ids.length, kind, language);
    const filled = language.fill(language.words.events[how], { what, names: [...names, ...rest].join(", ") });
    const layer = registry.homeOf(type) ?? own[0]?.layer ?? "";
    return [
      {
        ...basisOf(entry, `${how} ${type}`),
        topic: type,
        subject: first,
        layer,
        text: filled,
        predicate: "",
        refers: referredByAll(entry, ids, by),
        tone: null,
        weight: "notable",
      },
    ];
  });
}

function basisOf(entry: HistoryEntry, part: string) {
  return { key: `${keyOf(entry)} ${part}`, at: entry.timestamp, eventType: entry.event_type };
}

function layerOf({ changes, payload }: HistoryEntry, subject: string | null, registry: Registry): string {
  if (subject) return registry.homeOf(typeOf(subject)) ?? "";
  return changes?.[0]?.layer ?? text(payload.layer);
}

export type OccurrenceFilter = {
  readonly place: string;
  readonly topic: string;
  readonly layer: string;
  readonly weight: Weight;
};

export const EVERYTHING: OccurrenceFilter = { place: "", topic: "", layer: "", weight: "minor" };

/** Whether an occurrence is of a topic and a layer, and matters at least so much. */
export function isWanted(one: Occurrence, { topic, layer, weight }: Omit<OccurrenceFilter, "place">): boolean {
  return (
    (!topic || one.topic === topic) &&
    (!layer || one.layer === layer) &&
    WEIGHTS.indexOf(one.weight) <= WEIGHTS.indexOf(weight)
  );
}
