/** The clock of the map: where that of the reader is wrong, what is old would look new by it. */

import type { MapHttp } from "./http.ts";

/** A `Date` header has whole seconds: a smaller difference says nothing. */
const LEAST_MS = 2000;

/** How far the map's clock is ahead of the reader's; null until the map has said. */
let ahead: number | null = null;
const listeners = new Set<() => void>();

/** The present in ms since 1970, by the clock of the map as far as that is known. */
export function mapNow(): number {
  return mapTime(Date.now());
}

/** Return what the clock of the map showed when that of the reader showed `time`, both in ms since 1970. */
export function mapTime(time: number): number {
  return time + (ahead ?? 0);
}

/** The latest moment that there can be, in ms since 1970: until the map has said what time it is, any. */
export function latestMoment(): number {
  return ahead === null ? Number.POSITIVE_INFINITY : mapNow();
}

/** Call back whenever the map's clock turns out to differ from what it was taken for; call the answer to unsubscribe. */
export function onClock(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Ask the map what time it is. What cannot be had changes nothing. */
export async function askClock(http: MapHttp): Promise<void> {
  const sent = Date.now();
  try {
    const answer = await http.ask("living-map/health", {}, undefined, {}, { method: "HEAD", cache: "no-store" });
    compareClocks(answer.headers.get("date"), sent, Date.now());
  } catch {
    // the stream notices if the map is unreachable
  }
}

/** Take in the `Date` (RFC 9110) of an answer of the map, that came between two moments of the reader's clock. */
export function compareClocks(date: string | null, sent: number, received: number): void {
  const difference = Date.parse(date ?? "") + 500 - (sent + received) / 2;
  if (Number.isNaN(difference)) return;
  const before = ahead;
  ahead = Math.abs(difference) > LEAST_MS + (received - sent) / 2 ? difference : 0;
  if (ahead !== before) for (const listener of listeners) listener();
}
