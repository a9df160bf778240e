/**
 * The ground on which the city grows: cells of an endless honeycomb, shaken so that no street is straight, with a
 * river through it and a horizon in the north. A cell depends on its place alone, never on what stands there.
 */

import { dice, hash2 } from "../domain/chance.ts";
import { type Box, type Corner, cut, honeycomb, inset, middle, type Point } from "./geometry.ts";

/** Between the middles of neighbouring cells, in the map's own units. */
export const SPACING = 100;
/** Above it is the sky. */
export const HORIZON = -640;
export const RIVER_WIDTH = 42;

const COAST = HORIZON + 285;
const SHAKE = 0.24;
const ROW = SPACING * 0.866;
const OFFSET = 4096;
const BASE = 8192;

/** One cell of the ground. */
export class Cell {
  readonly key: number;
  readonly q: number;
  readonly r: number;
  readonly site: Point;
  private cut: readonly Corner[] | undefined;
  private dryness: boolean | undefined;

  constructor(key: number) {
    this.key = key;
    this.q = Math.floor(key / BASE) - OFFSET;
    this.r = (key % BASE) - OFFSET;
    this.site = site(this.q, this.r);
  }

  /** Clockwise on the screen; each corner's edge lies towards the cell of that key. */
  get corners(): readonly Corner[] {
    this.cut ??= outline(this.q, this.r, this.site);
    return this.cut;
  }

  get centre(): Point {
    return middle(this.corners);
  }

  /** True where nothing can be built: the river, and what lies beyond the northern coast. */
  get wet(): boolean {
    this.dryness ??= this.site.y >= coast(this.site.x) && !this.river;
    return !this.dryness;
  }

  /** True where the river runs through. */
  get river(): boolean {
    if (Math.abs(this.site.x - riverAt(this.site.y)) > SPACING * 1.5) {
      return false;
    }
    const sides = this.corners.map((one) => one.x - riverAt(one.y));
    return Math.min(...sides) < RIVER_WIDTH / 2 && Math.max(...sides) > -RIVER_WIDTH / 2;
  }
}

export function keyOf(q: number, r: number): number {
  return (q + OFFSET) * BASE + (r + OFFSET);
}

/** Return the neighbours' keys, six of them. */
export function neighbours(key: number): number[] {
  return [key + BASE, key + 1, key - BASE + 1, key - BASE, key - 1, key + BASE - 1];
}

const cells = new Map<number, Cell>();

/** Return the cell of a key; the same object every time. */
export function cell(key: number): Cell {
  let existing = cells.get(key);
  if (!existing) {
    existing = new Cell(key);
    cells.set(key, existing);
  }
  return existing;
}

/** Return the key of the cell whose honeycomb place is nearest; the true cell is that one or a neighbour. */
export function nearest(at: Point): number {
  const row = Math.round(at.y / ROW);
  const guess = keyOf(Math.round(at.x / SPACING - row / 2), row);
  const far = (key: number) => Math.hypot(cell(key).site.x - at.x, cell(key).site.y - at.y);
  return [guess, ...neighbours(guess)].reduce((best, one) => (far(one) < far(best) ? one : best));
}

/** Return the keys of all cells whose honeycomb places lie in a box, row by row. */
export function within({ left, top, right, bottom }: Box): number[] {
  const keys: number[] = [];
  for (let r = Math.ceil(top / ROW); r <= Math.floor(bottom / ROW); r += 1) {
    for (let q = Math.ceil(left / SPACING - r / 2); q <= Math.floor(right / SPACING - r / 2); q += 1) {
      keys.push(keyOf(q, r));
    }
  }
  return keys;
}

function site(q: number, r: number): Point {
  const chance = dice(hash2(q, r));
  const shake = () => (chance() * 2 - 1) * SHAKE * SPACING;
  return { x: SPACING * (q + r / 2) + shake(), y: ROW * r + shake() };
}

/** A cell of the Voronoi diagram of all sites: what lies nearer to this one than to those two rings around. */
function outline(q: number, r: number, own: Point): Corner[] {
  const far = SPACING * 2;
  let corners: Corner[] = [
    { x: own.x - far, y: own.y - far, towards: -1 },
    { x: own.x + far, y: own.y - far, towards: -1 },
    { x: own.x + far, y: own.y + far, towards: -1 },
    { x: own.x - far, y: own.y + far, towards: -1 },
  ];
  for (let dq = -2; dq <= 2; dq += 1) {
    for (let dr = Math.max(-2, -dq - 2); dr <= Math.min(2, -dq + 2); dr += 1) {
      if (dq !== 0 || dr !== 0) {
        const other = cell(keyOf(q + dq, r + dr)).site;
        const half = { x: (own.x + other.x) / 2, y: (own.y + other.y) / 2 };
        corners = cut(corners, half, other.x - own.x, other.y - own.y, keyOf(q + dq, r + dr));
      }
    }
  }
  return corners;
}

/** Return where the middle of the river runs at height `y`. */
export function riverAt(y: number): number {
  return 210 + 120 * Math.sin(y / 390 + 0.7) + 48 * Math.sin(y / 151 + 2);
}

function coast(x: number): number {
  return COAST + 42 * Math.sin(x / 277) + 26 * Math.sin(x / 113 + 1);
}

/** How wide the street is in front of a cell's edge: an avenue where another quarter begins. */
export const STREET = 4;
export const AVENUE = 8;

export const HOUSE_DEPTH = 9;

export type Use = "homes" | "works" | "lamps" | "heart" | "place";

const slots = new Map<string, readonly Point[]>();

/** Return where things of one use may stand within a cell, the best first; the same points every time. */
export function places(key: number, use: Use): readonly Point[] {
  const name = `${key}/${use}`;
  const spots = slots.get(name) ?? arrange(cell(key), use);
  slots.set(name, spots);
  return spots;
}

function arrange(where: Cell, use: Use): readonly Point[] {
  const spots = arranged(where, use);
  return spots.length > 0 ? spots : [where.centre];
}

function arranged(where: Cell, use: Use): readonly Point[] {
  const yard = (depth: number) => inset(where.corners, () => depth);
  switch (use) {
    case "place":
      return [where.centre];
    case "homes":
      return honeycomb(yard(AVENUE + HOUSE_DEPTH + 6), 14.5);
    case "works":
      return honeycomb(yard(AVENUE + 12), 31, 38);
    case "lamps":
      return honeycomb(yard(AVENUE + 7), 15);
    case "heart":
      return circle(where.centre, 30, 10);
  }
}

/** Return points on a circle, in an order in which any few of them lie far apart. */
function circle(centre: Point, radius: number, count: number): Point[] {
  return Array.from({ length: count }, (_, index) => {
    const angle = (((index * 3) % count) / count) * 2 * Math.PI - Math.PI / 2;
    return { x: centre.x + radius * Math.cos(angle), y: centre.y + radius * Math.sin(angle) };
  });
}
