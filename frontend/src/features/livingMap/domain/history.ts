/** What the history says: its entries with what each changed, and how one field of a thing went. */

import type { MapEvent } from "../client/messages.ts";
import type { Json } from "../client/scene.ts";
import { reach } from "../client/time.ts";

export type FieldChange = { readonly name: string; readonly from: Json; readonly to: Json };

export type EntryChange = {
  readonly op: "put" | "drop" | "total";
  readonly layer: string;
  readonly collection?: string | null;
  readonly id?: string | null;
  readonly label?: string | null;
  readonly came?: boolean;
  readonly went?: boolean;
  readonly fields: readonly FieldChange[];
};

export type HistoryEntry = {
  readonly id: string;
  /** The position of the map right after it, which an event of the stream has as well. */
  readonly cursor?: string;
  readonly timestamp: string;
  readonly event_type: string;
  readonly payload: { readonly [name: string]: Json };
  readonly source?: string | null;
  /** Null where they were not kept; missing where an older map answers. */
  readonly changes?: readonly EntryChange[] | null;
  /** How many changes are left out. */
  readonly more?: number;
};

export type HistoryPage = {
  readonly items: readonly HistoryEntry[];
  readonly next_cursor: string | null;
  readonly oldest_available: string | null;
};

/** Return what an entry is known by, be it live or recorded. */
export function keyOf({ cursor, id }: HistoryEntry): string {
  return cursor ?? id;
}

/** Return an entry as an event, so that it is said in the same words. */
export function eventOf({ id, timestamp, event_type, payload, changes }: HistoryEntry): MapEvent {
  const eventChanges = (changes ?? []).map(({ op, layer, collection, id: subject, fields }) => {
    const set = Object.fromEntries(fields.map(({ name, to }) => [name, to]));
    return { op, layer, collection: collection ?? "", id: subject ?? "", set, unset: [] };
  });
  return { kind: "event", cursor: id, event_type, timestamp, payload, changes: eventChanges };
}

/** Return what an entry changed of a thing; of several layers that have it, all. */
export function changesOf({ changes }: HistoryEntry, id: string): readonly EntryChange[] {
  return (changes ?? []).filter((one) => one.id === id);
}

/** One value of a field, and since when: in ms since 1970. */
export type Turn = {
  readonly at: number;
  readonly from: Json;
  readonly to: Json;
  readonly came: boolean;
  /** Whether it came when the map began to look: it may have been so for long. */
  readonly isFirst: boolean;
};

/** What comes so soon after the map began to look was there before. */
const BEGIN_MS = 60_000;

/** Return the turns of a field of a thing, the newest first. `oldest` is when the history begins. */
export function turnsOf(
  entries: readonly HistoryEntry[],
  id: string,
  field: string,
  oldest: string | null = null,
): readonly Turn[] {
  const begin = oldest === null ? null : reach(oldest);
  return entries.flatMap((entry) => {
    const own = changesOf(entry, id);
    const turn = own.flatMap(({ fields }) => fields).find(({ name, from, to }) => name === field && from !== to);
    if (!turn) return [];
    const [at, came] = [reach(entry.timestamp), own.some((one) => one.came)];
    return [{ at, from: turn.from, to: turn.to, came, isFirst: came && begin !== null && at - begin < BEGIN_MS }];
  });
}
