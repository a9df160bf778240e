import { expect, test } from "vitest";
import { type Band, type Filling, shores } from "./coast.ts";
import type { Point } from "./geometry.ts";

const BANDS = [
  { from: 30, to: 115 },
  { from: 115, to: 175 },
  { from: 175, to: 250 },
];
const CENTRES = [
  { x: 0, y: 0 },
  { x: 180, y: 20 },
  { x: 900, y: -400 },
];

function area(polygon: readonly number[]): number {
  let twice = 0;
  for (let at = 0; at < polygon.length; at += 2) {
    const next = (at + 2) % polygon.length;
    twice += (polygon[at] ?? 0) * (polygon[next + 1] ?? 0) - (polygon[next] ?? 0) * (polygon[at + 1] ?? 0);
  }
  return Math.abs(twice / 2);
}

const total = (filling: readonly (readonly number[])[]) => filling.reduce((sum, one) => sum + area(one), 0);

/** All tiles around some centres. */
function tiled(centres: readonly Point[], bands: readonly Band[]): Filling[] {
  const tiles = [-2, -1, 0, 1, 2].flatMap((column) => [-2, -1, 0, 1, 2].map((row) => ({ column, row })));
  const drawn = tiles.map((tile) => shores(centres, bands, tile));
  return bands.map((_, at) => drawn.flatMap((fillings) => fillings[at] ?? []));
}

test("bands side by side fill as much as one band over all of them: none overlaps another, none leaves a gap", () => {
  const parts = tiled(CENTRES, BANDS).reduce((sum, filling) => sum + total(filling), 0);
  const [whole = []] = tiled(CENTRES, [{ from: 30, to: 250 }]);
  expect(parts / total(whole)).toBeCloseTo(1, 3);
});

test("a lonely shore is about a circle", () => {
  const [land = []] = tiled([{ x: 40, y: -30 }], [{ from: 0, to: 115 }]);
  expect(total(land) / (Math.PI * 115 ** 2)).toBeCloseTo(1, 1);
});

test("nothing built has no shore", () => {
  expect(tiled([], BANDS)).toEqual([[], [], []]);
});
