/**
 * Which quarter holds which ground. A quarter has a plot of its own, in which each of its things has a place by its id;
 * what finds none there goes to the common. What stands somewhere stays there, whatever comes later.
 */

import { hash } from "../domain/chance.ts";
import { CIVIC, type Lot, layerOfDistrict } from "../domain/figure.ts";
import { choose } from "./choice.ts";
import type { Point } from "./geometry.ts";
import { commonFor, distance, isCommon, partOf, plotAt, plotOf, seatAt } from "./sites.ts";
import { cell, neighbours, places, type Use } from "./terrain.ts";

/** The quarters' colours are numbers below this; what they look like is the theme's business. */
export const HUES = 9;

/** So many plots in the middle are for what is everybody's. */
const CIVIC_PLOTS = 4;
/** How far another quarter has to be for its colour to be no matter. */
const FAR = 900;

type Slot = { readonly cell: number; readonly at: Point };

/** A quarter's places for one use. */
type Places = {
  /** Those in its plot. */
  readonly own: readonly Slot[];
  readonly used: Set<number>;
  /** Free ones in the common. */
  readonly more: Slot[];
  readonly common: Generator<number>;
};

/** Where a thing stands: in the plot at a place, or in the common. */
type Tenure = { readonly lot: Lot; readonly slot: Slot; readonly place: number | undefined };

export type Quarter = {
  readonly id: string;
  readonly heart: number;
  readonly hue: number;
  /** What each of its cells is used for. */
  readonly cells: Map<number, Use>;
  readonly greens: Set<number>;
  readonly places: Map<Lot, Places>;
  readonly taken: Map<string, Tenure>;
};

export class City {
  readonly quarters = new Map<string, Quarter>();
  readonly owners = new Map<number, string>();
  private readonly hearts = new Set<number>();
  /** Cells whose use has changed since `surveyed` was last asked. */
  private stirred = new Set<number>();

  /** Found a quarter; a district has a seat, which is a number of its own. */
  establish(id: string, seat?: number): Quarter {
    const existing = this.quarters.get(id);
    if (existing) {
      return existing;
    }
    const heart = this.siteFor(id, seat);
    const quarter: Quarter = {
      id,
      heart,
      hue: this.hueFor(id, heart),
      cells: new Map(),
      greens: new Set(),
      places: new Map(),
      taken: new Map(),
    };
    this.quarters.set(id, quarter);
    this.hearts.add(heart);
    this.hold(quarter, heart, "heart");
    if (!isCommon(cell(heart).site)) this.plant(quarter, plotOf(heart));
    return quarter;
  }

  /** Give a thing its place in a quarter. It keeps that until it leaves. */
  settle(quarter: Quarter, lot: Lot, key: string): Point {
    const held = quarter.taken.get(key);
    if (held) {
      return held.slot.at;
    }
    const places = placesIn(quarter, lot);
    const place = choose(key, (at) => !places.used.has(at), places.own.length);
    const slot = (place === undefined ? undefined : places.own[place]) ?? this.beyond(quarter, lot, places);
    if (place !== undefined) places.used.add(place);
    if (!quarter.cells.has(slot.cell)) this.hold(quarter, slot.cell, lot);
    quarter.taken.set(key, { lot, slot, place });
    return slot.at;
  }

  /** Free a thing's place. */
  leave(quarter: Quarter, key: string): void {
    const held = quarter.taken.get(key);
    if (held) {
      quarter.taken.delete(key);
      const places = placesIn(quarter, held.lot);
      if (held.place === undefined) places.more.unshift(held.slot);
      else places.used.delete(held.place);
    }
  }

  /** Give up a quarter and all of its ground. */
  raze(quarter: Quarter): void {
    for (const key of [...quarter.cells.keys(), ...quarter.greens]) {
      this.owners.delete(key);
      this.stirred.add(key);
    }
    this.hearts.delete(quarter.heart);
    this.quarters.delete(quarter.id);
  }

  /** Return the other quarters whose places depend on some quarters: those in the common, if one of these is there. */
  besides(homes: readonly string[]): string[] {
    const inCommon = [...this.quarters.values()].filter(({ taken }) => [...taken.values()].some(isBeyond));
    const others = inCommon.map(({ id }) => id).filter((id) => !homes.includes(id));
    return others.length < inCommon.length ? others : [];
  }

  /** Return the cells whose use has changed since this was last asked. */
  surveyed(): ReadonlySet<number> {
    const changed = this.stirred;
    this.stirred = new Set();
    return changed;
  }

  private siteFor(id: string, seat: number | undefined): number {
    if (id === CIVIC) return plotAt(0);
    if (seat !== undefined) return seatAt(seat);
    const siteAt = layerOfDistrict(id) === undefined ? (at: number) => plotAt(at + CIVIC_PLOTS) : seatAt;
    return siteAt(choose(id, (at) => !this.hearts.has(siteAt(at))) ?? 0);
  }

  /** Return a free place in the common. */
  private beyond(quarter: Quarter, lot: Lot, places: Places): Slot {
    let slot = places.more.shift();
    while (!slot) {
      const ground: number = places.common.next().value;
      const owner = this.quarters.get(this.owners.get(ground) ?? "");
      if (owner?.cells.has(ground)) continue;
      this.hold(quarter, ground, lot);
      this.plant(
        quarter,
        neighbours(ground).filter((key) => isCommon(cell(key).site)),
      );
      places.more.push(...slotsOf(ground, lot));
      slot = places.more.shift();
    }
    return slot;
  }

  /** Make what is free of some cells a quarter's green. What is green may be built on later, by whoever comes. */
  private plant(quarter: Quarter, cells: readonly number[]): void {
    for (const key of cells) {
      if (!this.owners.has(key) && !cell(key).wet) {
        quarter.greens.add(key);
        this.take(quarter, key);
      }
    }
  }

  private hold(quarter: Quarter, key: number, use: Use): void {
    this.quarters.get(this.owners.get(key) ?? "")?.greens.delete(key);
    quarter.cells.set(key, use);
    this.take(quarter, key);
  }

  private take(quarter: Quarter, key: number): void {
    this.owners.set(key, quarter.id);
    this.stirred.add(key);
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
      const far = Math.min(near.get(hue) ?? FAR, FAR);
      if (far > Math.min(near.get(best) ?? FAR, FAR)) {
        best = hue;
      }
    }
    return best;
  }
}

function isBeyond({ place }: Tenure): boolean {
  return place === undefined;
}

function placesIn(quarter: Quarter, lot: Lot): Places {
  let places = quarter.places.get(lot);
  if (!places) {
    const own = ownSlots(quarter, lot);
    places = { own, used: new Set(), more: [], common: commonFor(lot, quarter.heart) };
    quarter.places.set(lot, places);
  }
  return places;
}

function ownSlots({ id, heart }: Quarter, lot: Lot): Slot[] {
  if (id === CIVIC) {
    const plots = Array.from({ length: CIVIC_PLOTS }, (_, at) => plotOf(plotAt(at))).flat();
    const near = plots
      .filter((key) => key !== heart)
      .sort((one, other) => between(one, heart) - between(other, heart));
    return lot === "place" ? near.flatMap((key) => slotsOf(key, lot)) : [];
  }
  const first = lot === "lamps" ? slotsOf(heart, "heart") : [];
  return isCommon(cell(heart).site)
    ? first
    : [...first, ...partOf(heart, lot).flatMap((key) => slotsOf(key, lot))];
}

function between(one: number, other: number): number {
  return distance(one, cell(other).site);
}

function slotsOf(key: number, use: Use): Slot[] {
  return places(key, use).map((at) => ({ cell: key, at }));
}
