/** Looks for ground on which a quarter of some size fits: as near to the middle as there is room. */

import type { Point } from "./geometry.ts";
import { cell, keyOf, SPACING } from "./terrain.ts";

/** How many sites are compared when a quarter has a wish where to be. */
const CHOICE = 20;
const CELL_AREA = SPACING * SPACING * 0.866;
/** The city spreads further to the sides than up and down, as screens do. */
const SQUASH = 0.68;

export class Sites {
  private readonly taken: ReadonlyMap<number, string>;
  private land: number[] = [];
  private reach = 0;
  private readonly tooTight = new Map<number, number>();

  /** `taken` is read whenever a site is looked for. */
  constructor(taken: ReadonlyMap<number, string>) {
    this.taken = taken;
  }

  /** Return the middle of a free piece of ground of `size` cells, near `wish` if that costs little. */
  find(size: number, wish?: Point): number {
    let best: number | undefined;
    let least = Number.POSITIVE_INFINITY;
    let seen = 0;
    for (const key of this.sites()) {
      if (this.taken.has(key) || size >= (this.tooTight.get(key) ?? Number.POSITIVE_INFINITY)) {
        continue;
      }
      if (!this.roomAt(key, size)) {
        this.tooTight.set(key, size);
        continue;
      }
      const cost = remoteness(key) + (wish ? 0.8 * distance(key, wish) : 0);
      if (cost < least) {
        least = cost;
        best = key;
      }
      seen += 1;
      if (!wish || seen >= CHOICE) {
        break;
      }
    }
    return best ?? keyOf(0, 0);
  }

  /** Yield dry cells from the city's middle outwards, without end. */
  private *sites(): Generator<number> {
    for (let at = 0; ; at += 1) {
      if (at >= this.land.length) {
        this.survey();
        at = 0;
      }
      const key = this.land[at];
      if (key !== undefined) {
        yield key;
      }
    }
  }

  private survey(): void {
    this.reach = this.reach ? Math.ceil(this.reach * 1.5) : 12;
    const dry: number[] = [];
    const wide = Math.ceil(this.reach * 1.7);
    for (let q = -wide * 2; q <= wide * 2; q += 1) {
      for (let r = -this.reach * 2; r <= this.reach * 2; r += 1) {
        const column = q + r / 2;
        if (Math.abs(column) <= wide && Math.hypot(column * SQUASH, r * 0.866) <= this.reach && !wet(q, r)) {
          dry.push(keyOf(q, r));
        }
      }
    }
    const free = dry.filter((key) => !this.taken.has(key));
    this.land = free.sort((one, other) => remoteness(one) - remoteness(other) || one - other);
  }

  private roomAt(key: number, size: number): boolean {
    const reach = Math.sqrt((size * CELL_AREA) / Math.PI) * 1.2 + SPACING * 0.45;
    const steps = Math.ceil(reach / (SPACING * 0.8));
    const { q, r, site } = cell(key);
    let free = 0;
    for (let dr = -steps; dr <= steps; dr += 1) {
      for (let dq = -steps - Math.min(0, dr); dq <= steps - Math.max(0, dr); dq += 1) {
        const beside = keyOf(q + dq, r + dr);
        if (!this.taken.has(beside) && !wet(q + dq, r + dr) && distance(beside, site) <= reach) {
          free += 1;
          if (free >= size) {
            return true;
          }
        }
      }
    }
    return false;
  }

  /** Consider all ground again: some of it is free again. */
  reopen(): void {
    this.tooTight.clear();
    this.land = [];
    this.reach = 0;
  }
}

function remoteness(key: number): number {
  const { site } = cell(key);
  return Math.hypot(site.x * SQUASH, site.y);
}

/** Return how far a cell lies from a point. */
export function distance(key: number, to: Point): number {
  const { site } = cell(key);
  return Math.hypot(site.x - to.x, site.y - to.y);
}

function wet(q: number, r: number): boolean {
  return cell(keyOf(q, r)).wet;
}
