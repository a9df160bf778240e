/** Who gets which of many places: a choice that depends on an id alone, as long as the place is free. */

import { hash } from "../domain/chance.ts";

const FIRST = 6;
const TURNS = 4;
const WIDER = 1.5;

/**
 * Return the place of an id: one of the first few places if it is free, else one of half as many again, and so on. So those who
 * choose early are near the beginning, and whoever leaves frees a place that only few others would have had.
 * Undefined if all of `count` places are taken.
 */
export function choose(id: string, isFree: (place: number) => boolean, count = Number.POSITIVE_INFINITY) {
  for (let wide = FIRST; wide < count * WIDER; wide = Math.ceil(wide * WIDER)) {
    const among = Math.min(wide, count);
    for (let turn = 0; turn < TURNS; turn += 1) {
      const place = hash(`${turn}/${wide}/${id}`) % among;
      if (isFree(place)) return place;
    }
  }
  for (let place = 0; place < count; place += 1) {
    if (isFree(place)) return place;
  }
  return undefined;
}
