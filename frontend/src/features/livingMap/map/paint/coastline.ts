/** The land's edge and the shallow water around it, tile by tile: what changes somewhere is drawn anew there alone. */

import { Container, Graphics, type Shader } from "pixi.js";
import type { City } from "../city.ts";
import { reachOf, shores, TILE, type Tile } from "../coast.ts";
import type { Box, Point } from "../geometry.ts";
import type { Palette } from "../palette.ts";
import { type Cell, cell, neighbours, riverAt, SPACING, within } from "../terrain.ts";
import { flatten } from "./flat.ts";

/** What is nearer than the first is covered by streets; then come meadows and two depths of shallow water. */
const BANDS = [
  { from: SPACING * 0.3, to: SPACING * 1.15 },
  { from: SPACING * 1.15, to: SPACING * 1.75 },
  { from: SPACING * 1.75, to: SPACING * 2.5 },
] as const;
/** So far around a cell of land the river gets and loses banks. */
const BANKS = SPACING * 3.5;
const REACH = reachOf(BANDS);

export type Piece = Tile & { readonly box: Box; readonly view: Graphics };

export class Coastline {
  readonly view = new Container();
  readonly pieces = new Map<string, Piece>();
  private readonly city: City;
  private readonly shader: Shader;
  private readonly land = new Set<number>();

  constructor(city: City, shader: Shader) {
    this.city = city;
    this.shader = shader;
  }

  /** Note that some cells have changed; return the pieces around land that was won or lost: what is built on a green moves no coast. */
  moved(cells: ReadonlySet<number>): ReadonlySet<Piece> {
    const touched = new Set<Piece>();
    for (const key of cells) {
      if (this.city.owners.has(key) === this.land.has(key)) continue;
      this.land.has(key) ? this.land.delete(key) : this.land.add(key);
      const { x, y } = cell(key).site;
      const far = REACH + BANKS;
      for (let column = Math.floor((x - far) / TILE); column <= Math.floor((x + far) / TILE); column += 1) {
        for (let row = Math.floor((y - far) / TILE); row <= Math.floor((y + far) / TILE); row += 1) {
          touched.add(this.pieceAt(column, row));
        }
      }
    }
    return touched;
  }

  draw({ view, box, column, row }: Piece, { meadow, shoals }: Palette): void {
    const around = within(wider(box, REACH + SPACING));
    const dry = this.dryAmong();
    const rim = around.filter((key) => dry(key) && !neighbours(key).every(dry));
    const banks = around.filter((key) => !this.land.has(key) && dry(key) && isIn(cell(key).centre, box));
    view.clear();
    for (const key of banks) {
      fill(view, swollen(cell(key)), meadow);
    }
    const centres = rim.map((key) => cell(key).centre);
    shores(centres, BANDS, { column, row }).forEach((filling, at) => {
      for (const polygon of filling) {
        view.poly(polygon as number[]);
      }
      view.fill([meadow, shoals[1], shoals[0]][at]);
    });
  }

  /** Return what tells whether a cell is land or a bank: the river has land on both sides as far as the city goes. */
  private dryAmong(): (key: number) => boolean {
    const banks = new Map<number, boolean>();
    return (key) => {
      if (this.land.has(key)) return true;
      let isBank = banks.get(key);
      if (isBank === undefined) {
        isBank = inCity(key, this.city) && neighbours(key).some((one) => this.land.has(one));
        banks.set(key, isBank);
      }
      return isBank;
    };
  }

  private pieceAt(column: number, row: number): Piece {
    const name = `${column}/${row}`;
    const existing = this.pieces.get(name);
    if (existing) return existing;
    const [left, top] = [column * TILE, row * TILE];
    const box = { left, top, right: left + TILE, bottom: top + TILE };
    const piece = { column, row, box, view: flatten(new Graphics(), this.shader) };
    this.pieces.set(name, piece);
    this.view.addChild(piece.view);
    return piece;
  }
}

function wider({ left, top, right, bottom }: Box, by: number): Box {
  return { left: left - by, top: top - by, right: right + by, bottom: bottom + by };
}

function isIn({ x, y }: Point, { left, top, right, bottom }: Box): boolean {
  return x >= left && x < right && y >= top && y < bottom;
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
