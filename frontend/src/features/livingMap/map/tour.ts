/** In which order Tab goes from one thing in sight to the next. */

import type { Shape } from "../domain/figure.ts";

const ROW = 160;
/** At most so many stops: nobody presses a key a thousand times, and the list of the page has everything. */
const MOST = 60;

/** Return the next stop after `from` (the one before it if `back`); null at the end, where the focus leaves the map. */
export function nextStop(shapes: readonly Shape[], from: Shape | null, back: boolean): Shape | null {
  const stops = [...shapes].sort(byPlace).slice(0, MOST);
  const here = from ? stops.findIndex((one) => one.key === from.key) : -1;
  if (here < 0) {
    return (back ? stops.at(-1) : stops[0]) ?? null;
  }
  return stops[here + (back ? -1 : 1)] ?? null;
}

function byPlace(one: Shape, other: Shape): number {
  const rank = one.figure.tour - other.figure.tour;
  return (
    rank ||
    Math.floor(one.y / ROW) - Math.floor(other.y / ROW) ||
    one.x - other.x ||
    (one.key < other.key ? -1 : 1)
  );
}
