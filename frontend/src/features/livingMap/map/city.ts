/**
 * Which quarter holds which ground. A quarter is founded where there is room for it, takes the cells that it needs, and
 * keeps a few green ones to grow into; what stands somewhere stays there, whatever comes later.
 */

import { hash } from "../domain/chance.ts";
import type { Lot } from "../domain/figure.ts";
import type { Point } from "./geometry.ts";
import { distance, Sites } from "./sites.ts";
import { cell, neighbours, places, type Use } from "./terrain.ts";

/** How many things of each kind a quarter has when it is founded. */
export type Needs = Readonly<Record<Lot, number>>;

/** The quarters' colours are numbers below this; what they look like is the theme's business. */
export const HUES = 9;

const PER_CELL: Needs = { homes: 9, works: 2.5, lamps: 9, place: 1 };
const MOST_GREENS = 10;

type Slot = { readonly cell: number; readonly at: Point };

export type Quarter = {
  readonly id: string;
  readonly heart: number;
  readonly hue: number;
  /** What each of its cells is used for. */
  readonly cells: Map<number, Use>;
  readonly greens: Set<number>;
  readonly free: Record<Lot, Slot[]>;
  readonly taken: Map<string, { readonly lot: Lot; readonly slot: Slot }>;
  /** Free cells that touch it. */
  readonly rim: Set<number>;
};

export class City {
  readonly quarters = new Map<string, Quarter>();
  readonly owners = new Map<number, string>();
  /** Cells whose use has changed since `surveyed` was last asked. */
  private stirred = new Set<number>();
  private readonly sites = new Sites(this.owners);

  /** Found a quarter of a size that fits `needs`, near `wish` if there is room. Its cells come with its things. */
  establish(id: string, needs: Needs, wish?: Point): Quarter {
    const existing = this.quarters.get(id);
    if (existing) {
      return existing;
    }
    const heart = this.sites.find(wanted(needs), wish);
    const quarter: Quarter = {
      id,
      heart,
      hue: this.hueFor(id, heart),
      cells: new Map(),
      greens: new Set(),
      free: { homes: [], works: [], lamps: [], place: [] },
      taken: new Map(),
      rim: new Set(),
    };
    this.quarters.set(id, quarter);
    this.hold(quarter, heart, "heart");
    quarter.free.lamps.push(...slotsOf(heart, "heart"));
    return quarter;
  }

  /** Give a thing its place in a quarter. It keeps that until it leaves. */
  settle(quarter: Quarter, lot: Lot, key: string): Point {
    const held = quarter.taken.get(key);
    if (held) {
      return held.slot.at;
    }
    let slot = quarter.free[lot].shift();
    if (!slot) {
      const ground = this.nextCell(quarter);
      this.hold(quarter, ground, lot);
      const [first, ...rest] = slotsOf(ground, lot);
      quarter.free[lot].push(...rest);
      slot = first ?? { cell: ground, at: cell(ground).centre };
    }
    quarter.taken.set(key, { lot, slot });
    return slot.at;
  }

  /** Free a thing's place. */
  leave(quarter: Quarter, key: string): void {
    const held = quarter.taken.get(key);
    if (held) {
      quarter.taken.delete(key);
      quarter.free[held.lot].unshift(held.slot);
    }
  }

  /** Set green cells aside for a quarter to grow into, once its first things stand. */
  reserve(quarter: Quarter, wish = Math.min(MOST_GREENS, Math.ceil(quarter.cells.size * 0.28))): void {
    while (quarter.greens.size < wish) {
      const next = nearestTo(quarter.heart, quarter.rim);
      if (next === undefined) {
        return;
      }
      quarter.greens.add(next);
      this.take(quarter, next);
    }
  }

  /** Give up a quarter and all of its ground. */
  raze(quarter: Quarter): void {
    for (const key of [...quarter.cells.keys(), ...quarter.greens]) {
      this.owners.delete(key);
      this.stirred.add(key);
    }
    this.quarters.delete(quarter.id);
    this.sites.reopen();
    for (const other of this.quarters.values()) {
      for (const key of [...other.cells.keys(), ...other.greens]) {
        this.open(other, key);
      }
    }
  }

  /** Return the cells whose use has changed since this was last asked. */
  surveyed(): ReadonlySet<number> {
    const changed = this.stirred;
    this.stirred = new Set();
    return changed;
  }

  private nextCell(quarter: Quarter): number {
    const green = nearestTo(quarter.heart, quarter.greens);
    if (green !== undefined) {
      quarter.greens.delete(green);
      return green;
    }
    return nearestTo(quarter.heart, quarter.rim) ?? this.sites.find(1, cell(quarter.heart).site);
  }

  private hold(quarter: Quarter, key: number, use: Use): void {
    quarter.cells.set(key, use);
    this.take(quarter, key);
  }

  private take(quarter: Quarter, key: number): void {
    this.owners.set(key, quarter.id);
    this.stirred.add(key);
    this.open(quarter, key);
    for (const beside of neighbours(key)) {
      const owner = this.owners.get(beside);
      if (owner !== undefined) {
        this.quarters.get(owner)?.rim.delete(key);
      }
    }
  }

  private open(quarter: Quarter, key: number): void {
    for (const beside of neighbours(key)) {
      if (!this.owners.has(beside) && !cell(beside).wet) {
        quarter.rim.add(beside);
      }
    }
  }

  private hueFor(id: string, heart: number): number {
    const near = new Map<number, number>();
    for (const other of this.quarters.values()) {
      const far = distance(other.heart, cell(heart).site);
      near.set(other.hue, Math.min(far, near.get(other.hue) ?? far));
    }
    const first = hash(id) % HUES;
    let best = first;
    for (let step = 0; step < HUES; step += 1) {
      const hue = (first + step) % HUES;
      const far = Math.min(near.get(hue) ?? 900, 900);
      if (far > Math.min(near.get(best) ?? 900, 900)) {
        best = hue;
      }
    }
    return best;
  }
}

function wanted(needs: Needs): number {
  const beyondHeart = Math.max(0, needs.lamps - 8);
  const built =
    1 +
    Math.ceil(needs.homes / PER_CELL.homes) +
    Math.ceil(needs.works / PER_CELL.works) +
    Math.ceil(beyondHeart / PER_CELL.lamps) +
    needs.place;
  return built + Math.min(MOST_GREENS, Math.ceil(built * 0.28));
}

function slotsOf(key: number, use: Use): Slot[] {
  return places(key, use).map((at) => ({ cell: key, at }));
}

function nearestTo(heart: number, keys: Iterable<number>): number | undefined {
  const from = cell(heart).site;
  let best: number | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const key of keys) {
    const far = distance(key, from);
    if (far < least || (far === least && best !== undefined && key < best)) {
      least = far;
      best = key;
    }
  }
  return best;
}
