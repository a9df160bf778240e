/** Where the planets hang in the sky, each with rings around it: first its moons, further out what orbits it. */

import { hash } from "../domain/chance.ts";
import type { Point } from "./geometry.ts";
import { HORIZON } from "./terrain.ts";

/** The rings around a planet: the inner ones for its moons, the outer ones for what orbits it. */
export type Band = "moons" | "orbits";

const FIRST_RING = 68;
const RING_GAP = 23;
const ARC: Record<Band, number> = { moons: 19, orbits: 23 };
const CLEAR = 26;
const STEP = 46;

export type Ring = { readonly radius: number; readonly band: Band; readonly free: Point[] };

export type System = {
  readonly id: string;
  readonly x: number;
  readonly y: number;
  /** The room that it was given; it may outgrow that. */
  readonly room: number;
  readonly rings: Ring[];
  readonly taken: Map<string, { readonly ring: Ring; readonly at: Point }>;
};

export class Sky {
  readonly systems = new Map<string, System>();
  private stirred = new Set<string>();

  /** Hang up a system with room for so many moons and orbits, above `over` if it can be. */
  establish(id: string, moons: number, orbits: number, over: number): System {
    const existing = this.systems.get(id);
    if (existing) {
      return existing;
    }
    const room = roomFor(Math.max(moons, 1), orbits);
    const system: System = { id, ...this.spotFor(id, room, over), room, rings: [], taken: new Map() };
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
    let ring = system.rings.find((one) => one.band === band && one.free.length > 0);
    if (!ring) {
      ring = ringAround(system, band);
      system.rings.push(ring);
      this.stirred.add(system.id);
    }
    const at = ring.free.shift() ?? { x: system.x, y: system.y };
    system.taken.set(key, { ring, at });
    return at;
  }

  leave(system: System, key: string): void {
    const held = system.taken.get(key);
    if (held) {
      system.taken.delete(key);
      held.ring.free.unshift(held.at);
    }
  }

  /** Take a system down. */
  drop(system: System): void {
    this.systems.delete(system.id);
    this.stirred.add(system.id);
  }

  /** Return the systems that came, went or got a ring since this was last asked. */
  observed(): ReadonlySet<string> {
    const changed = this.stirred;
    this.stirred = new Set();
    return changed;
  }

  private spotFor(id: string, room: number, over: number): Point {
    const others = [...this.systems.values()];
    const lowest = HORIZON - 70 - room;
    const lift = (hash(id) % 70) - 10;
    for (let reach = 0; ; reach += 1) {
      const open = spots(reach, over, lowest - lift).filter((spot) =>
        others.every((one) => Math.hypot(one.x - spot.x, one.y - spot.y) >= one.room + room + CLEAR),
      );
      const best = open.sort((one, other) => cost(one, over) - cost(other, over))[0];
      if (best) {
        return best;
      }
    }
  }
}

/** Return the candidates at `reach` steps: further to the sides than up. */
function spots(reach: number, over: number, lowest: number): Point[] {
  const wide = reach * STEP;
  const high = reach * STEP * 0.4;
  const candidates: Point[] = [];
  for (let side = -reach; side <= reach; side += 1) {
    candidates.push({ x: over + side * STEP, y: lowest - high });
  }
  for (let up = 0; up < reach; up += 1) {
    candidates.push(
      { x: over - wide, y: lowest - up * STEP * 0.4 },
      { x: over + wide, y: lowest - up * STEP * 0.4 },
    );
  }
  return candidates;
}

function cost(spot: Point, over: number): number {
  return Math.abs(spot.x) * 0.5 + Math.abs(spot.x - over) * 0.2 + Math.abs(spot.y) * 0.9;
}

function roomFor(moons: number, orbits: number): number {
  const grown = { moons: moons * 1.3, orbits: orbits * 1.2 };
  let radius = FIRST_RING;
  for (const band of ["moons", "orbits"] as const) {
    for (let left = grown[band]; left > 0; radius += RING_GAP) {
      left -= slotsAt(radius, band);
    }
  }
  return radius;
}

function slotsAt(radius: number, band: Band): number {
  return Math.max(3, Math.floor((2 * Math.PI * radius) / ARC[band]));
}

function ringAround(system: System, band: Band): Ring {
  const radius = FIRST_RING + RING_GAP * system.rings.length;
  const count = slotsAt(radius, band);
  const start = ((hash(`${system.id}/${system.rings.length}`) % 360) * Math.PI) / 180;
  const free = spread(count).map((index) => {
    const angle = start + (index / count) * 2 * Math.PI;
    return { x: system.x + radius * Math.cos(angle), y: system.y + radius * Math.sin(angle) };
  });
  return { radius, band, free };
}

/** Return 0 … count-1 in an order in which any few of them lie far apart on a circle. */
function spread(count: number): number[] {
  let step = Math.max(1, Math.round(count * 0.618));
  while (shared(step, count) > 1) {
    step += 1;
  }
  return Array.from({ length: count }, (_, index) => (index * step) % count);
}

function shared(one: number, other: number): number {
  return other === 0 ? one : shared(other, one % other);
}
