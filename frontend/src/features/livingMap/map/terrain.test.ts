import { describe, expect, test } from "vitest";
import { dice } from "../domain/chance.ts";
import { inside } from "./geometry.ts";
import { cell, keyOf, nearest, neighbours, places } from "./terrain.ts";

const chance = dice(3);
const AREA = Array.from({ length: 900 }, (_, at) => keyOf((at % 30) - 15, Math.floor(at / 30) - 15));

describe("the ground", () => {
  test("belongs at every point to the cell that is found there", () => {
    for (let at = 0; at < 2000; at += 1) {
      const point = { x: (chance() - 0.5) * 4000, y: (chance() - 0.5) * 3000 };
      expect(inside(cell(nearest(point)).corners, point)).toBe(true);
    }
  });

  test("lies without gaps: a cell's neighbours know it as theirs", () => {
    for (const key of AREA) {
      for (const beside of neighbours(key)) {
        expect(neighbours(beside)).toContain(key);
      }
    }
  });

  test.each(["homes", "works", "lamps", "heart", "place"] as const)("has room for %s within each cell", (use) => {
    for (const key of AREA) {
      const { corners, wet } = cell(key);
      const spots = places(key, use);
      expect(spots.length).toBeGreaterThan(0);
      expect(wet || spots.every((one) => inside(corners, one))).toBe(true);
    }
  });
});
