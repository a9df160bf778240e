/** Where the planets hang in the sky, each with rings around it: by turns for its moons and for what orbits it. */

import { hash } from "../domain/chance.ts";
import { choose } from "./choice.ts";
import type { Point } from "./geometry.ts";
import { HORIZON } from "./terrain.ts";

/** The rings around a planet: by turns for its moons, and for what orbits it. */
export type Band = "moons" | "orbits";

const BANDS = ["moons", "orbits"] as const;
const FIRST_RING = 68;
const RING_GAP = 23;
const RINGS = 4;
const ARC: Record<Band, number> = { moons: 19, orbits: 23 };
/** What each planet has for itself, however many moons it has. */
const ROOM = FIRST_RING + RING_GAP * (RINGS - 1);
const CLEAR = 26;
const APART = 2 * ROOM + CLEAR;
const HIGH = APART + 60;
/** So many planets hang one above the other. Above them is what finds no place around its planet. */
const ROWS = 3;

export type Ring = { readonly radius: number; readonly band: Band };

type Spot = { readonly at: Point; readonly ring: Ring };

/** Where a thing is: around its planet, or far above. */
type Tenure = { readonly band: Band; readonly at: Point; readonly place: number | undefined };

export type System = {
  readonly id: string;
  readonly x: number;
  readonly y: number;
  readonly room: number;
  /** Its number among the seats of the sky. */
  readonly place: number;
  /** The rings on which there is something. */
  readonly rings: Ring[];
  readonly spots: Readonly<Record<Band, readonly Spot[]>>;
  readonly used: Record<Band, Set<number>>;
  readonly above: Record<Band, { readonly free: Point[]; count: number }>;
  readonly taken: Map<string, Tenure>;
};

export class Sky {
  readonly systems = new Map<string, System>();
  private readonly places = new Set<number>();
  private stirred = new Set<string>();

  /** Hang up a system. */
  establish(id: string): System {
    const existing = this.systems.get(id);
    if (existing) {
      return existing;
    }
    const place = choose(id, (at) => !this.places.has(at)) ?? 0;
    const centre = spotAt(place, id);
    const system: System = {
      id,
      ...centre,
      room: ROOM,
      place,
      rings: [],
      spots: spotsAround(id, centre),
      used: { moons: new Set(), orbits: new Set() },
      above: { moons: { free: [], count: 0 }, orbits: { free: [], count: 0 } },
      taken: new Map(),
    };
    this.places.add(place);
    this.systems.set(id, system);
    this.stirred.add(id);
    return system;
  }

  /** Give a thing its place on a ring. It keeps that until it leaves. */
  settle(system: System, band: Band, key: string): Point {
    const held = system.taken.get(key);
    if (held) {
      return held.at;
    }
    const spots = system.spots[band];
    const place = choose(key, (at) => !system.used[band].has(at), spots.length);
    const spot = place === undefined ? undefined : spots[place];
    if (place !== undefined) system.used[band].add(place);
    if (spot) this.show(system, spot.ring);
    const at = spot?.at ?? above(system, band);
    system.taken.set(key, { band, at, place });
    return at;
  }

  leave(system: System, key: string): void {
    const held = system.taken.get(key);
    if (held) {
      system.taken.delete(key);
      if (held.place === undefined) system.above[held.band].free.unshift(held.at);
      else system.used[held.band].delete(held.place);
    }
  }

  /** Take a system down. */
  drop(system: System): void {
    this.systems.delete(system.id);
    this.places.delete(system.place);
    this.stirred.add(system.id);
  }

  /** Return the systems that came, went or got a ring since this was last asked. */
  observed(): ReadonlySet<string> {
    const changed = this.stirred;
    this.stirred = new Set();
    return changed;
  }

  private show(system: System, ring: Ring): void {
    if (!system.rings.includes(ring)) {
      system.rings.push(ring);
      this.stirred.add(system.id);
    }
  }
}

/** Return where a system hangs: further to the sides than up. */
function spotAt(place: number, id: string): Point {
  const { column, row } = seatAt(place);
  return { x: column * APART, y: HORIZON - 70 - ROOM - row * HIGH - (hash(id) % 50) };
}

type Seat = { readonly column: number; readonly row: number };

let seats: readonly Seat[] = [];

/** Return the seat of a place: the nearest to the middle of the sky is 0. */
function seatAt(place: number): Seat {
  if (seats.length <= place) {
    const wide = Math.max(8, place);
    const all: Seat[] = [];
    for (let column = -wide; column <= wide; column += 1) {
      for (let row = 0; row < ROWS; row += 1) all.push({ column, row });
    }
    const cost = ({ column, row }: Seat) => Math.abs(column) + row * 1.9 + (column < 0 ? 0.1 : 0);
    // a seat at the edge costs as much as some that lie beyond it: those are left out
    seats = all.filter((one) => cost(one) <= wide).sort((one, other) => cost(one) - cost(other));
  }
  return seats[place] ?? { column: 0, row: 0 };
}

/** Return the next place far above a system: a strip of the sky is its own, however high. */
function above(system: System, band: Band): Point {
  const reserve = system.above[band];
  const free = reserve.free.shift();
  if (free) return free;
  const { column, row } = seatAt(system.place);
  const strip = column * APART + (row - 1) * (APART / ROWS);
  const top = HORIZON - 70 - ROWS * HIGH - ROOM;
  const side = BANDS.indexOf(band) * 2 + (reserve.count % 2) - 1.5;
  const y = top - Math.floor(reserve.count / 2) * RING_GAP;
  reserve.count += 1;
  return { x: strip + side * RING_GAP, y };
}

function spotsAround(id: string, { x, y }: Point): Readonly<Record<Band, readonly Spot[]>> {
  const spots: Record<Band, Spot[]> = { moons: [], orbits: [] };
  for (let index = 0; index < RINGS; index += 1) {
    const band = BANDS[index % BANDS.length] ?? "moons";
    const ring = { radius: FIRST_RING + RING_GAP * index, band };
    const count = Math.floor((2 * Math.PI * ring.radius) / ARC[band]);
    const start = ((hash(`${id}/${index}`) % 360) * Math.PI) / 180;
    for (let at = 0; at < count; at += 1) {
      const angle = start + (at / count) * 2 * Math.PI;
      const spot = { x: x + ring.radius * Math.cos(angle), y: y + ring.radius * Math.sin(angle) };
      spots[band].push({ at: spot, ring });
    }
  }
  return spots;
}
