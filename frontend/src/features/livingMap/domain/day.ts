/** A day of a thing: how its status went, and what happened to it, the same together. */

import type { Json } from "../client/scene.ts";
import { type Changed, changedOf, isNothing } from "./changed.ts";
import { sentence } from "./events.ts";
import { eventOf, type HistoryEntry, type Turn } from "./history.ts";
import { REFRESHED, type Reading } from "./occurrences.ts";

/** Return from when until when a day lasts that begins at a moment, whatever the reader's time zone; without one, today. */
export function dayOf(moment: string, now: number): { readonly from: number; readonly to: number } {
  const read = Date.parse(moment);
  const from = Number.isNaN(read) ? midnight(now) : read;
  return { from, to: daysAfter(from, 1) };
}

/** Return when the day of a moment begins for the reader. */
export function midnight(moment: number): number {
  return new Date(moment).setHours(0, 0, 0, 0);
}

/** Return the same time of another day: days of 23 and 25 hours count, too. */
export function daysAfter(moment: number, days: number): number {
  const date = new Date(moment);
  return date.setDate(date.getDate() + days);
}

/** From when until when a thing had a status; null while it was not there. */
export type Span = { readonly from: number; readonly to: number; readonly status: string | null };

type Stretch = { readonly from: number; readonly to: number; readonly last: string | null };

/** Return how the status went by its turns, the newest first; `last` is what it was in the end. */
export function spansOf(turns: readonly Turn[], { from, to, last }: Stretch): readonly Span[] {
  const within = turns.filter(({ at }) => at > from && at < to).toReversed();
  const spans: Span[] = [];
  let begin = from;
  for (const turn of within) {
    spans.push({ from: begin, to: turn.at, status: turn.came ? null : statusIn(turn.from) });
    begin = turn.at;
  }
  const newest = within.at(-1);
  spans.push({ from: begin, to, status: newest ? statusIn(newest.to) : last });
  return spans.filter((one) => one.to > one.from);
}

function statusIn(value: Json): string | null {
  return typeof value === "string" ? value : null;
}

/** Return for how long a thing had each status, the longest first. */
export function timesOf(
  spans: readonly Span[],
): readonly { readonly status: string | null; readonly ms: number }[] {
  const times = new Map<string | null, number>();
  for (const { status, from, to } of spans) times.set(status, (times.get(status) ?? 0) + to - from);
  return [...times].map(([status, ms]) => ({ status, ms })).sort((one, other) => other.ms - one.ms);
}

export type DayLine = {
  readonly key: string;
  readonly at: string;
  readonly text: string;
  readonly changed: Changed;
};
/** What happened of one kind. */
export type DayGroup = {
  readonly eventType: string;
  readonly isPolled: boolean;
  readonly lines: readonly DayLine[];
};

/** Return what entries say of a thing, by what happened, the commonest first. */
export function groupsOf(entries: readonly HistoryEntry[], id: string, by: Reading): readonly DayGroup[] {
  const { scene, registry, language, table } = by;
  const groups = new Map<string, DayLine[]>();
  for (const entry of entries) {
    const { event_type: type, timestamp: at } = entry;
    const changed = changedOf(entry, id, by);
    if (isNothing(entry, changed)) continue;
    const text = type === REFRESHED ? "" : sentence(eventOf(entry), scene, registry, language, table);
    groups.set(type, [...(groups.get(type) ?? []), { key: entry.id, at, text, changed }]);
  }
  return [...groups]
    .map(([eventType, lines]) => ({ eventType, isPolled: eventType === REFRESHED, lines }))
    .sort((one, other) => other.lines.length - one.lines.length);
}
