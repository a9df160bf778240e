/**
 * Where land ends and how shallow the water is: bands of equal distance from what is built, smoothed as a shore is.
 * No two bands overlap: on a machine without graphics hardware every dot that is painted twice is paid twice.
 */

import type { Point } from "./geometry.ts";

export type Band = { readonly from: number; readonly to: number };
/** Polygons that fill one band, as flat lists of coordinates. */
export type Filling = readonly (readonly number[])[];

const GRID = 26;
/** How far two shores reach out to each other. */
const SOFT = 20;
/** The side of a tile, in squares of the grid. */
const SIDE = 40;
/** The side of a tile, in the map's own units. */
export const TILE = SIDE * GRID;

/** A square piece of the map; those of neighbouring columns and rows lie side by side. */
export type Tile = { readonly column: number; readonly row: number };

type Corner = Point & { readonly far: number };

/** Return how far from a centre a coast depends on it. */
export function reachOf(bands: readonly Band[]): number {
  return Math.max(...bands.map((band) => band.to)) + SOFT * 3;
}

/**
 * Fill the part of each band around some centres that lies on a tile: those of the outermost cells are enough, what lies
 * within is built on. Centres that are out of reach of the tile do not matter.
 */
export function shores(centres: readonly Point[], bands: readonly Band[], tile: Tile): Filling[] {
  const field = fieldOf(centres, reachOf(bands), tile);
  return bands.map((band) => filled(field, band));
}

type Field = { readonly left: number; readonly top: number; readonly far: Float32Array };

/** How many points of the grid lie along a tile's side. */
const POINTS = SIDE + 1;

/** Return the smooth distance to the nearest centres at each point of a tile's grid. */
function fieldOf(centres: readonly Point[], reach: number, tile: Tile): Field {
  const [left, top] = [tile.column * SIDE, tile.row * SIDE];
  const near = new Float64Array(POINTS * POINTS);
  for (const { x, y } of centres) {
    const fromX = Math.max(left, Math.ceil((x - reach) / GRID));
    const toX = Math.min(left + SIDE, Math.floor((x + reach) / GRID));
    const toY = Math.min(top + SIDE, Math.floor((y + reach) / GRID));
    for (let row = Math.max(top, Math.ceil((y - reach) / GRID)); row <= toY; row += 1) {
      for (let column = fromX; column <= toX; column += 1) {
        const at = (row - top) * POINTS + column - left;
        near[at] = (near[at] ?? 0) + Math.exp(-Math.sqrt((column * GRID - x) ** 2 + (row * GRID - y) ** 2) / SOFT);
      }
    }
  }
  const far = new Float32Array(near.length);
  near.forEach((sum, at) => {
    const [column, row] = [left + (at % POINTS), top + Math.floor(at / POINTS)];
    far[at] = sum > 0 ? -SOFT * Math.log(sum) + ripple(column, row) : 1e4;
  });
  return { left, top, far };
}

/** No shore is an exact curve. */
function ripple(column: number, row: number): number {
  return 7 * Math.sin(column * 0.9 + row * 0.35) + 6 * Math.sin(row * 0.8 - column * 0.3);
}

function filled({ left, top, far }: Field, band: Band): number[][] {
  const strips: number[][] = [];
  const level = (column: number, row: number) => far[row * POINTS + column] ?? 1e4;
  for (let row = 0; row < SIDE; row += 1) {
    let run = -1;
    for (let column = 0; column < SIDE; column += 1) {
      const square = [
        level(column, row),
        level(column + 1, row),
        level(column + 1, row + 1),
        level(column, row + 1),
      ];
      const whole = square.every((one) => one >= band.from && one <= band.to);
      if (whole && run < 0) {
        run = column;
      }
      if (!whole || column + 1 === SIDE) {
        if (run >= 0) {
          strips.push(strip(left + run, left + column + (whole ? 1 : 0), top + row));
          run = -1;
        }
        if (!whole) {
          pieces(square, left + column, top + row, band, strips);
        }
      }
    }
  }
  return strips;
}

function strip(from: number, to: number, row: number): number[] {
  const [left, right, top, bottom] = [from * GRID, to * GRID, row * GRID, (row + 1) * GRID];
  return [left, top, right, top, right, bottom, left, bottom];
}

/** Cut out of one square what lies in the band. */
function pieces(square: readonly number[], column: number, row: number, band: Band, strips: number[][]): void {
  if (square.every((one) => one < band.from) || square.every((one) => one > band.to)) {
    return;
  }
  const [x, y] = [column * GRID, row * GRID];
  const [a = 0, b = 0, c = 0, d = 0] = square;
  const corners: Corner[] = [
    { x, y, far: a },
    { x: x + GRID, y, far: b },
    { x: x + GRID, y: y + GRID, far: c },
    { x, y: y + GRID, far: d },
  ];
  const left = kept(kept(corners, band.from, 1), band.to, -1);
  if (left.length > 2) {
    strips.push(left.flatMap((one) => [one.x, one.y]));
  }
}

function kept(corners: readonly Corner[], level: number, sign: 1 | -1): Corner[] {
  const left: Corner[] = [];
  corners.forEach((one, at) => {
    const next = corners[(at + 1) % corners.length] ?? one;
    const [here, there] = [(one.far - level) * sign, (next.far - level) * sign];
    if (here >= 0) {
      left.push(one);
    }
    if (here >= 0 !== there >= 0) {
      const share = here / (here - there);
      left.push({ x: one.x + (next.x - one.x) * share, y: one.y + (next.y - one.y) * share, far: level });
    }
  });
  return left;
}
