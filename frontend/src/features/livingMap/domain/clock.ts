/** The clock of the map: where that of the reader is wrong, what is old would look new by it. */

/** A `Date` header has whole seconds: a smaller difference says nothing. */
const LEAST_MS = 2000;

let ahead = 0;

/** The present in ms since 1970, by the clock of the map as far as that is known. */
export function mapNow(): number {
  return mapTime(Date.now());
}

/** Return what the clock of the map showed when that of the reader showed `time`, both in ms since 1970. */
export function mapTime(time: number): number {
  return time + ahead;
}

/** Take in the `Date` (RFC 9110) of an answer of the map, that came between two moments of the reader's clock. */
export function compareClocks(date: string | null, sent: number, received: number): void {
  const difference = Date.parse(date ?? "") + 500 - (sent + received) / 2;
  if (Number.isNaN(difference)) return;
  ahead = Math.abs(difference) > LEAST_MS + (received - sent) / 2 ? difference : 0;
}
