/**
 * The ground that quarters stand on, before there are any. It is laid out in plots of equal size, whether a quarter will
 * be large or small: so a quarter that grows, or whose things are not known yet, moves no other. In the east lies a
 * common, for what outgrows its plot and for the districts of the layers; each of its cells is for one use.
 */

import type { Lot } from "../domain/figure.ts";
import type { Point } from "./geometry.ts";
import { cell, keyOf, nearest } from "./terrain.ts";

const COLUMNS = 3;
const ROWS = 3;
/** Of a plot's nine cells so many have to be dry. */
const DRY = 8;
/** The city spreads further to the sides than up and down, as screens do. */
const SQUASH = 0.68;

/** What the cells of a plot are for, seen from its heart; the nearest come first. */
const USES: Readonly<Record<Lot, readonly (readonly [q: number, r: number])[]>> = {
  homes: [
    [1, 0],
    [-1, 0],
    [0, -1],
    [1, 1],
  ],
  works: [
    [0, 1],
    [-1, 1],
  ],
  lamps: [[1, -1]],
  place: [[-1, -1]],
};
/** Which of the seven kinds of cells in the common are for what. */
const KINDS: Readonly<Record<Lot, readonly number[]>> = {
  homes: [1, 4],
  works: [3, 5],
  lamps: [2, 6],
  place: [0],
};

/** Where the common begins, and along which line it spreads. */
const GATE: Point = { x: 480, y: 0 };
const AXIS: Point = { x: 0.88, y: 0.47 };

/** Return the heart of the plot at a place: the nearest to the middle of the city is 0. */
export function plotAt(place: number): number {
  while (survey.plots.length <= place) survey = surveyed(survey.reach * 2);
  return survey.plots[place] ?? keyOf(0, 0);
}

/** Return where in the common a district has its heart: the nearest to the middle of the city is 0. */
export function seatAt(place: number): number {
  while (survey.seats.length <= place) survey = surveyed(survey.reach * 2);
  return survey.seats[place] ?? keyOf(0, 0);
}

/** Return all dry cells of the plot around a heart. */
export function plotOf(heart: number): number[] {
  const { q, r } = cell(heart);
  const all: number[] = [];
  for (let down = -1; down < ROWS - 1; down += 1) {
    for (let right = -1; right < COLUMNS - 1; right += 1) {
      all.push(keyOf(q + right, r + down));
    }
  }
  return all.filter((key) => !cell(key).wet);
}

/** Return the cells of the plot around a heart that are for one use. */
export function partOf(heart: number, lot: Lot): number[] {
  const { q, r } = cell(heart);
  return USES[lot].map(([right, down]) => keyOf(q + right, r + down)).filter((key) => !cell(key).wet);
}

/** Yield cells of the common for one use, the nearest to a heart first, without end. */
export function* commonFor(lot: Lot, heart: number): Generator<number> {
  const { site } = cell(heart);
  const along = (site.x - GATE.x) * AXIS.x + (site.y - GATE.y) * AXIS.y;
  const far = Math.max(along, 120);
  const start = isCommon(site) ? heart : nearest({ x: GATE.x + AXIS.x * far, y: GATE.y + AXIS.y * far });
  for (let reach = 0; ; reach += 1) {
    for (const key of ring(start, reach)) {
      const { q, r, site } = cell(key);
      const isOpen = isCommon(site) && !isHeart(q, r) && !cell(key).wet;
      if (isOpen && KINDS[lot].includes(modulo(q - 2 * r, 7))) yield key;
    }
  }
}

/** Whether a point lies in the common. */
export function isCommon({ x, y }: Point): boolean {
  const east = x - GATE.x;
  return east > 0 && y > east * 0.25 - 90 && y < east * 0.8 + 90;
}

/** Return how far a cell lies from a point. */
export function distance(key: number, to: Point): number {
  const { site } = cell(key);
  return Math.hypot(site.x - to.x, site.y - to.y);
}

type Survey = { readonly reach: number; readonly plots: readonly number[]; readonly seats: readonly number[] };

let survey: Survey = { reach: 600, plots: [], seats: [] };

/** Look at all hearts within reach of the middle: a farther look finds the same ones first. */
function surveyed(reach: number): Survey {
  const hearts: number[] = [];
  const rows = Math.ceil(reach / 80 / ROWS);
  const columns = Math.ceil(reach / SQUASH / 80 / COLUMNS);
  for (let down = -rows; down <= rows; down += 1) {
    for (let right = -columns * 2; right <= columns * 2; right += 1) {
      const key = keyOf(right * COLUMNS, down * ROWS);
      if (remoteness(key) <= reach && !cell(key).wet) hearts.push(key);
    }
  }
  hearts.sort((one, other) => remoteness(one) - remoteness(other) || one - other);
  const plots = hearts.filter((heart) => {
    const dry = plotOf(heart);
    return dry.length >= DRY && !dry.some((key) => isCommon(cell(key).site));
  });
  return { reach, plots, seats: hearts.filter((heart) => isCommon(cell(heart).site)) };
}

function isHeart(q: number, r: number): boolean {
  return modulo(q, COLUMNS) === 0 && modulo(r, ROWS) === 0;
}

function remoteness(key: number): number {
  const { site } = cell(key);
  return Math.hypot(site.x * SQUASH, site.y);
}

/** The cells at so many steps from one. */
function* ring(around: number, steps: number): Generator<number> {
  const { q, r } = cell(around);
  if (steps === 0) yield around;
  const sides = [
    [0, -1],
    [-1, 0],
    [-1, 1],
    [0, 1],
    [1, 0],
    [1, -1],
  ] as const;
  let [right, down] = [steps, 0];
  for (const [dq, dr] of sides) {
    for (let step = 0; step < steps; step += 1) {
      yield keyOf(q + right, r + down);
      right += dq;
      down += dr;
    }
  }
}

function modulo(number: number, by: number): number {
  return ((number % by) + by) % by;
}
