/** The land's edge and the shallow water around it. */

import { Graphics, type Shader } from "pixi.js";
import type { City } from "../city.ts";
import { shores } from "../coast.ts";
import type { Point } from "../geometry.ts";
import type { Palette } from "../palette.ts";
import { type Cell, cell, neighbours, riverAt, SPACING } from "../terrain.ts";
import { flatten } from "./flat.ts";

/** What is nearer than the first is covered by streets; then come meadows and two depths of shallow water. */
const BANDS = [
  { from: SPACING * 0.3, to: SPACING * 1.15 },
  { from: SPACING * 1.15, to: SPACING * 1.75 },
  { from: SPACING * 1.75, to: SPACING * 2.5 },
] as const;

export class Coastline {
  readonly view: Graphics;
  private readonly city: City;
  private readonly land = new Set<number>();

  constructor(city: City, shader: Shader) {
    this.city = city;
    this.view = flatten(new Graphics(), shader);
  }

  /** Note that some cells have changed; return whether land was won or lost: what is built on a green moves no coast. */
  moved(cells: ReadonlySet<number>): boolean {
    let moved = false;
    for (const key of cells) {
      if (this.city.owners.has(key) !== this.land.has(key)) {
        moved = true;
        this.land.has(key) ? this.land.delete(key) : this.land.add(key);
      }
    }
    return moved;
  }

  draw({ meadow, shoals }: Palette): void {
    // the river has land on both sides as far as the city goes
    const banks = new Set([...this.land].flatMap(neighbours).filter((key) => inCity(key, this.city)));
    const dry = (key: number) => this.land.has(key) || banks.has(key);
    const rim = [...this.land, ...banks].filter((key) => !neighbours(key).every(dry));
    const centres = rim.map((key) => cell(key).centre);
    this.view.clear();
    for (const key of banks) {
      fill(this.view, swollen(cell(key)), meadow);
    }
    shores(centres, BANDS).forEach((filling, at) => {
      for (const polygon of filling) {
        this.view.poly(polygon as number[]);
      }
      this.view.fill([meadow, shoals[1], shoals[0]][at]);
    });
  }
}

/** Whether the river runs through the city here: with houses on both of its sides. */
export function inCity(key: number, city: City): boolean {
  if (!cell(key).river) {
    return false;
  }
  const near = neighbours(key).flatMap((one) => [one, ...neighbours(one)]);
  const built = near.filter((one) => city.owners.has(one)).map((one) => cell(one).site);
  const west = built.some((site) => site.x < riverAt(site.y));
  return west && built.some((site) => site.x >= riverAt(site.y));
}

export function fill(on: Graphics, path: readonly Point[], colour: number): void {
  on.poly(path.flatMap(({ x, y }) => [x, y])).fill(colour);
}

/** A cell a little larger than it is, so that no seam shows between neighbours. */
export function swollen({ corners, centre }: Cell): Point[] {
  return corners.map(({ x, y }) => ({ x: centre.x + (x - centre.x) * 1.02, y: centre.y + (y - centre.y) * 1.02 }));
}
