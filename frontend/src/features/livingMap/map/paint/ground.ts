/** The ground: land in the sea, blocks with houses between streets, parks, the river. */

import { Container, Graphics } from "pixi.js";
import { mix } from "../../domain/colour.ts";
import { CIVIC } from "../../domain/figure.ts";
import type { City, Quarter } from "../city.ts";
import { type Box, inset, overlaps, rounded } from "../geometry.ts";
import type { Palette } from "../palette.ts";
import { AVENUE, type Cell, cell, keyOf, neighbours, RIVER_WIDTH, riverAt, SPACING, STREET } from "../terrain.ts";
import type { Atlas } from "./atlas.ts";
import { Coastline, fill, inCity, type Piece, swollen } from "./coastline.ts";
import { Crowd, type Means } from "./crowd.ts";
import { flatShader, flatten } from "./flat.ts";
import { grove, hedge, houses } from "./scenery.ts";

/** The park in the middle of the city, where nothing is ever built. */
const CENTRE = keyOf(0, 0);
/** How far the river's water runs on beyond its banks. */
const MOUTH = 10;
/** How far from the last houses the water is as shallow as the river. */
const SHALLOW = SPACING * 1.5;
const PLOT = 8;
type Plot = {
  readonly cells: number[];
  readonly box: Box;
  readonly banks: Graphics;
  readonly blocks: Graphics;
};
/** For so long a frame draws ground that has changed; the rest follows in the next ones. */
const BUDGET_MS = 5;
/** So many cells change at once where a city grows, or this share of them. More are a city that comes. */
const GROWTH = 60;
const GROWTH_SHARE = 0.25;

export class Ground {
  readonly view = new Container();
  private readonly shader = flatShader();
  private readonly coast: Coastline;
  private readonly banks = new Container();
  private readonly blocks = new Container();
  private readonly houses: Crowd;
  private readonly trees: Crowd;
  private readonly plots = new Map<string, Plot>();
  private readonly placed = new Set<number>();
  private readonly city: City;
  /** What is to be drawn anew. */
  private readonly stale = new Set<Plot | Piece>();
  /** Whether all of it is drawn in the next frame: a city that comes, and one in other colours, is seen as a whole. */
  private isWhole = false;
  private palette: Palette;
  private hasCity = true;
  /** Turns what is drawn into triangles, which takes longest; else the renderer does so when it shows it. */
  private readonly prepare: (drawn: Graphics) => void;

  constructor(city: City, atlas: Atlas, means: Means, palette: Palette, prepare: (drawn: Graphics) => void) {
    this.city = city;
    this.palette = palette;
    this.prepare = prepare;
    this.houses = new Crowd(atlas, means);
    this.trees = new Crowd(atlas, means);
    this.coast = new Coastline(city, this.shader);
    this.view.addChild(this.coast.view, this.banks, this.blocks, this.houses.view, this.trees.view);
  }

  /** Note what the change of some cells touches: the cells, and their neighbours' edges. */
  change(cells: ReadonlySet<number>): void {
    for (const key of cells) {
      for (const near of [key, ...neighbours(key).flatMap((one) => [one, ...neighbours(one)])]) {
        this.stale.add(this.plotOf(near));
      }
    }
    for (const piece of this.coast.moved(cells)) this.stale.add(piece);
    this.isWhole ||= cells.size > Math.max(GROWTH, this.city.owners.size * GROWTH_SHARE);
  }

  recolour(palette: Palette): void {
    this.palette = palette;
    for (const one of [...this.coast.pieces.values(), ...this.plots.values()]) this.stale.add(one);
    this.isWhole = true;
  }

  /** Show bare land while the city is hidden. */
  soften(city: boolean): void {
    this.hasCity = city;
    this.banks.visible = city;
    this.blocks.visible = city;
  }

  /** Prepare what lies in sight at a magnification; return whether some of the ground is left to be drawn. */
  flush(sight: Box, zoom: number): boolean {
    this.build();
    this.houses.view.visible = zoom > 0.28 && this.hasCity;
    this.trees.view.visible = zoom > 0.24 && this.hasCity;
    this.houses.flush(sight);
    this.trees.flush(sight);
    for (const { box, banks, blocks } of this.plots.values()) {
      const shown = overlaps(box, sight);
      for (const one of [banks, blocks]) {
        if (one.visible !== shown) {
          one.visible = shown;
        }
      }
    }
    for (const { box, view } of this.coast.pieces.values()) {
      const shown = overlaps(box, sight);
      if (view.visible !== shown) view.visible = shown;
    }
    return this.stale.size > 0;
  }

  private build(): void {
    if (this.stale.size === 0) return;
    const until = this.isWhole ? Infinity : performance.now() + BUDGET_MS;
    for (const one of this.stale) {
      this.stale.delete(one);
      if ("cells" in one) this.draw(one);
      else this.coast.draw(one, this.palette);
      if (!this.isWhole)
        for (const drawn of "cells" in one ? [one.banks, one.blocks] : [one.view]) this.prepare(drawn);
      if (performance.now() > until) break;
    }
    this.isWhole = false;
  }

  private plotOf(key: number): Plot {
    const { q, r } = cell(key);
    const [column, row] = [Math.floor(q / PLOT), Math.floor(r / PLOT)];
    const name = `${column}/${row}`;
    const plot = this.plots.get(name) ?? this.lay(column, row);
    this.plots.set(name, plot);
    if (!this.placed.has(key)) {
      this.placed.add(key);
      plot.cells.push(key);
    }
    return plot;
  }

  private lay(column: number, row: number): Plot {
    const x = SPACING * PLOT * (column + row / 2);
    const y = SPACING * 0.866 * PLOT * row;
    const reach = SPACING * 3;
    const box = {
      left: x - reach,
      top: y - reach,
      right: x + SPACING * PLOT * 1.5 + reach,
      bottom: y + SPACING * PLOT + reach,
    };
    const plot: Plot = {
      cells: [],
      box,
      banks: flatten(new Graphics(), this.shader),
      blocks: flatten(new Graphics(), this.shader),
    };
    this.banks.addChild(plot.banks);
    this.blocks.addChild(plot.blocks);
    return plot;
  }

  private draw(plot: Plot): void {
    for (const one of [plot.banks, plot.blocks]) {
      one.clear();
    }
    for (const key of plot.cells.sort((one, other) => one - other)) {
      const ground = cell(key);
      const owner = this.city.owners.get(key);
      const quarter = owner === undefined ? undefined : this.city.quarters.get(owner);
      if (quarter) {
        quarter.greens.has(key) || key === CENTRE
          ? this.drawPark(plot, ground)
          : this.drawBlock(plot, ground, quarter);
      } else {
        this.drawWild(plot, ground);
      }
    }
  }

  /** Beyond the last street: the river, and trees where there is land. */
  private drawWild(plot: Plot, ground: Cell): void {
    const key = String(ground.key);
    this.houses.drop(key);
    const built = neighbours(ground.key).filter((one) => this.city.owners.has(one)).length;
    if (ground.wet && ground.river) {
      this.drawRiver(plot, ground);
    }
    this.trees.put(
      key,
      built > 1 && !ground.wet ? grove(ground, ground.corners, 3 + (ground.key % 4), this.palette) : [],
    );
  }

  /** The stretch of the river in one cell: with banks where it runs through the city, without where it meets the sea. */
  private drawRiver(plot: Plot, { key, corners }: Cell): void {
    const banked = inCity(key, this.city);
    if (!banked && !neighbours(key).some((one) => inCity(one, this.city))) {
      return;
    }
    const rows = corners.map((one) => one.y);
    const [top, bottom] = [Math.min(...rows), Math.max(...rows)];
    if (banked) {
      stream(plot.banks, top, bottom, RIVER_WIDTH + 10, this.palette.bank);
      stream(plot.blocks, top - MOUTH, bottom + MOUTH, RIVER_WIDTH, this.palette.river);
    } else {
      this.drawMouth(plot, key, top, bottom);
    }
  }

  /** Where the river leaves the city, as far as the water is as shallow as its own. */
  private drawMouth(plot: Plot, key: number, top: number, bottom: number): void {
    const near = neighbours(key).flatMap((one) => [one, ...neighbours(one)]);
    const shores = near.filter((one) => this.city.owners.has(one)).map((one) => cell(one).centre);
    const steps = Array.from(
      { length: Math.ceil((bottom - top) / MOUTH) + 2 },
      (_, at) => top + (at - 0.5) * MOUTH,
    );
    const shallow = steps.filter((y) => shores.some((one) => Math.hypot(one.x - riverAt(y), one.y - y) < SHALLOW));
    if (shallow.length > 1) {
      stream(plot.blocks, Math.min(...shallow), Math.max(...shallow), RIVER_WIDTH, this.palette.river);
    }
  }

  private drawPark(plot: Plot, ground: Cell): void {
    const green = inset(ground.corners, () => STREET);
    fill(plot.blocks, swollen(ground), this.palette.meadow);
    fill(plot.blocks, rounded(green, 22), this.palette.park);
    this.houses.drop(String(ground.key));
    const within = inset(green, () => 9);
    this.trees.put(String(ground.key), grove(ground, within, 9 + (ground.key % 6), this.palette));
  }

  private drawBlock(plot: Plot, ground: Cell, quarter: Quarter): void {
    const key = String(ground.key);
    const { palette } = this;
    const hue = palette.hues[quarter.hue] ?? palette.block;
    const use = quarter.cells.get(ground.key);
    const colour = mix(palette.block, hue, quarter.id === CIVIC ? palette.wash * 0.4 : palette.wash);
    fill(plot.blocks, swollen(ground), palette.street);
    const block = inset(ground.corners, (towards) => this.street(quarter.id, towards));
    const shade = use === "works" ? mix(colour, palette.street, 0.35) : colour;
    fill(plot.blocks, rounded(block, use === "place" ? 20 : 9, use === "place" ? 4 : 2), shade);
    const lined = use === "homes" || use === "heart" || use === "lamps";
    this.houses.put(key, lined ? houses(ground, block, colour, palette) : []);
    this.trees.put(key, use === "place" || use === "works" ? hedge(ground, block, palette) : []);
  }

  private street(owner: string, towards: number): number {
    return this.city.owners.get(towards) === owner ? STREET : AVENUE;
  }
}

function stream(on: Graphics, top: number, bottom: number, width: number, color: number): void {
  on.moveTo(riverAt(top - 2), top - 2);
  for (let y = top + 6; y < bottom + 2; y += 8) {
    on.lineTo(riverAt(y), y);
  }
  on.lineTo(riverAt(bottom + 2), bottom + 2).stroke({ width, color, cap: "butt", join: "round" });
}
