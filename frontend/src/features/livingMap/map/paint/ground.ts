/** The ground: land in the sea, blocks with houses between streets, parks, the river. */

import { Container, Graphics } from "pixi.js";
import type { City, Quarter } from "../city.ts";
import { shores } from "../coast.ts";
import { type Box, type Corner, dice, hash2, inset, overlaps, type Point, rounded } from "../geometry.ts";
import { mix, type Palette } from "../palette.ts";
import {
  AVENUE,
  type Cell,
  cell,
  HOUSE_DEPTH,
  keyOf,
  neighbours,
  RIVER_WIDTH,
  riverAt,
  SPACING,
  STREET,
} from "../terrain.ts";
import type { Atlas } from "./atlas.ts";
import { Crowd, type Means, type Spot } from "./crowd.ts";
import { flatShader, flatten } from "./flat.ts";

/** Nothing is ever built there: the park in the middle of the city. */
const CENTRE = keyOf(0, 0);
/** How far the river's water runs on beyond its banks. */
const MOUTH = 10;
const PLOT = 8;
/** What is nearer than the first is covered by streets; then come meadows and two depths of shallow water. */
const BANDS = [
  { from: SPACING * 0.3, to: SPACING * 1.15 },
  { from: SPACING * 1.15, to: SPACING * 1.75 },
  { from: SPACING * 1.75, to: SPACING * 2.5 },
] as const;

type Plot = {
  readonly cells: number[];
  readonly box: Box;
  readonly banks: Graphics;
  readonly blocks: Graphics;
};

export class Ground {
  readonly view = new Container();
  private readonly shader = flatShader();
  private readonly coast = flatten(new Graphics(), this.shader);
  private readonly banks = new Container();
  private readonly blocks = new Container();
  private readonly houses: Crowd;
  private readonly trees: Crowd;
  private readonly plots = new Map<string, Plot>();
  private readonly placed = new Set<number>();
  private readonly land = new Set<number>();
  private readonly city: City;
  private palette: Palette;

  constructor(city: City, atlas: Atlas, means: Means, palette: Palette) {
    this.city = city;
    this.palette = palette;
    this.houses = new Crowd(atlas, means);
    this.trees = new Crowd(atlas, means);
    this.view.addChild(this.coast, this.banks, this.blocks, this.houses.view, this.trees.view);
  }

  /** Draw anew what the change of some cells touches: they, and their neighbours' edges. */
  change(cells: ReadonlySet<number>): void {
    const touched = new Set<Plot>();
    for (const key of cells) {
      for (const near of [key, ...neighbours(key).flatMap((one) => [one, ...neighbours(one)])]) {
        touched.add(this.plotOf(near));
      }
    }
    for (const plot of touched) {
      this.draw(plot);
    }
    if (this.grown(cells)) {
      this.drawCoast();
    }
  }

  /** Whether land was won or lost: a green that is built on changes no coast. */
  private grown(cells: ReadonlySet<number>): boolean {
    let grown = false;
    for (const key of cells) {
      if (this.city.owners.has(key) !== this.land.has(key)) {
        grown = true;
        this.land.has(key) ? this.land.delete(key) : this.land.add(key);
      }
    }
    return grown;
  }

  recolour(palette: Palette): void {
    this.palette = palette;
    for (const plot of this.plots.values()) {
      this.draw(plot);
    }
    this.drawCoast();
  }

  /** Show only outlines of the ground when nobody asked for the city. */
  soften(city: boolean): void {
    this.blocks.alpha = city ? 1 : 0.42;
    this.houses.view.alpha = city ? 1 : 0;
    this.trees.view.alpha = city ? 1 : 0.35;
  }

  /** Prepare what lies in sight at a magnification. */
  flush(sight: Box, zoom: number): void {
    const soft = this.houses.view.alpha === 0;
    this.houses.view.visible = zoom > 0.28 && !soft;
    this.trees.view.visible = zoom > 0.16;
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
  }

  private plotOf(key: number): Plot {
    const { q, r } = cell(key);
    const [column, row] = [Math.floor(q / PLOT), Math.floor(r / PLOT)];
    const name = `${column}/${row}`;
    const known = this.plots.get(name) ?? this.lay(column, row);
    this.plots.set(name, known);
    if (!this.placed.has(key)) {
      this.placed.add(key);
      known.cells.push(key);
    }
    return known;
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

  private drawCoast(): void {
    const { meadow, shoals } = this.palette;
    const owned = [...this.city.owners.keys()];
    // the river has land on both sides as far as the city goes
    const banks = new Set(owned.flatMap(neighbours).filter((key) => cell(key).river && this.bothBanks(key)));
    const land = new Set([...owned, ...banks]);
    const rim = [...land].filter((key) => neighbours(key).some((one) => !land.has(one)));
    this.coast.clear();
    for (const key of banks) {
      fill(this.coast, swollen(cell(key)), meadow);
    }
    shores(
      rim.map((key) => cell(key).centre),
      BANDS,
    ).forEach((filling, at) => {
      for (const polygon of filling) {
        this.coast.poly(polygon as number[]);
      }
      this.coast.fill([meadow, shoals[1], shoals[0]][at]);
    });
  }

  /** Beyond the last street: the river, and trees where there is land. */
  private drawWild(plot: Plot, ground: Cell): void {
    const key = String(ground.key);
    this.houses.drop(key);
    const built = neighbours(ground.key).filter((one) => this.city.owners.has(one)).length;
    if (ground.wet && ground.river) {
      this.drawRiver(plot, ground);
    }
    this.trees.put(key, built > 1 && !ground.wet ? this.grove(ground, ground.corners, 3 + (ground.key % 4)) : []);
  }

  /** The stretch of the river in one cell: with banks where it runs through the city, without where it meets the sea. */
  private drawRiver(plot: Plot, { key, corners }: Cell): void {
    const inCity = this.bothBanks(key);
    if (!inCity && !neighbours(key).some((one) => cell(one).river && this.bothBanks(one))) {
      return;
    }
    const rows = corners.map((one) => one.y);
    const [top, bottom] = [Math.min(...rows), Math.max(...rows)];
    if (inCity) {
      stream(plot.banks, top, bottom, RIVER_WIDTH + 10, this.palette.bank);
    }
    stream(plot.blocks, top - MOUTH, bottom + MOUTH, RIVER_WIDTH, this.palette.river);
  }

  private bothBanks(key: number): boolean {
    const near = neighbours(key).flatMap((one) => [one, ...neighbours(one)]);
    const sides = near
      .filter((one) => this.city.owners.has(one))
      .map((one) => {
        const { site } = cell(one);
        return site.x < riverAt(site.y);
      });
    return sides.includes(true) && sides.includes(false);
  }

  private drawPark(plot: Plot, ground: Cell): void {
    const green = inset(ground.corners, () => STREET);
    fill(plot.blocks, swollen(ground), this.palette.meadow);
    fill(plot.blocks, rounded(green, 22), this.palette.park);
    this.houses.drop(String(ground.key));
    this.trees.put(
      String(ground.key),
      this.grove(
        ground,
        inset(green, () => 9),
        9 + (ground.key % 6),
      ),
    );
  }

  private drawBlock(plot: Plot, ground: Cell, quarter: Quarter): void {
    const key = String(ground.key);
    const { palette } = this;
    const hue = palette.hues[quarter.hue] ?? palette.block;
    const use = quarter.cells.get(ground.key);
    const colour = mix(palette.block, hue, quarter.id === "civic" ? palette.wash * 0.4 : palette.wash);
    fill(plot.blocks, swollen(ground), palette.street);
    const block = inset(ground.corners, (towards) => this.street(quarter.id, towards));
    const shade = use === "works" ? mix(colour, palette.street, 0.35) : colour;
    fill(plot.blocks, rounded(block, use === "place" ? 20 : 9), shade);
    const lined = use === "homes" || use === "heart" || use === "lamps";
    this.houses.put(key, lined ? this.row(ground, block, colour) : []);
    this.trees.put(key, use === "place" || use === "works" ? this.hedge(ground, block) : []);
  }

  private street(owner: string, towards: number): number {
    return this.city.owners.get(towards) === owner ? STREET : AVENUE;
  }

  /** Houses along a block's edges, each a little different, some with light in the window. */
  private row(ground: Cell, block: readonly Corner[], colour: number): Spot[] {
    const chance = dice(hash2(ground.q, ground.r) + 1);
    const spots: Spot[] = [];
    block.forEach((from, at) => {
      const to = block[(at + 1) % block.length] ?? from;
      const length = Math.hypot(to.x - from.x, to.y - from.y);
      const turn = Math.atan2(to.y - from.y, to.x - from.x);
      const [ux, uy] = [Math.cos(turn), Math.sin(turn)];
      for (let along = 9; along < length - 9; ) {
        const wide = Math.min(6 + chance() * 10, length - 8 - along);
        const deep = HOUSE_DEPTH * (0.75 + chance() * 0.35);
        const mid = along + wide / 2;
        const x = from.x + ux * mid - uy * (deep / 2 + 1.6);
        const y = from.y + uy * mid + ux * (deep / 2 + 1.6);
        if (wide > 4) {
          const tint = mix(colour, this.palette.roof, 0.35 + chance() * 0.5);
          spots.push({ frame: "slab", x, y, wide: wide - 1.4, high: deep, tint, turn });
          if (chance() < (this.palette.night ? 0.34 : 0.12)) {
            spots.push({ frame: "slab", x, y, wide: 2.2, high: 2.2, tint: this.palette.window, turn, alpha: 0.9 });
          }
        }
        along += wide;
      }
    });
    return spots;
  }

  private grove(ground: Cell, within: readonly Corner[], count: number): Spot[] {
    const chance = dice(hash2(ground.q, ground.r) + 2);
    const { centre } = ground;
    return Array.from({ length: count }, () => {
      const corner = within[Math.floor(chance() * within.length)] ?? centre;
      const share = Math.sqrt(chance()) * 0.92;
      const x = centre.x + (corner.x - centre.x) * share + (chance() - 0.5) * 12;
      const y = centre.y + (corner.y - centre.y) * share + (chance() - 0.5) * 12;
      return this.tree({ x, y }, 9 + chance() * 8, chance());
    }).sort((one, other) => one.y - other.y);
  }

  private hedge(ground: Cell, block: readonly Corner[]): Spot[] {
    const chance = dice(hash2(ground.q, ground.r) + 3);
    return inset(block, () => 8).map((corner) => this.tree(corner, 8 + chance() * 4, chance()));
  }

  private tree(at: Point, wide: number, chance: number): Spot {
    const tints = this.palette.trees;
    const tint = tints[Math.floor(chance * tints.length)] ?? this.palette.park;
    return { frame: "tree", x: at.x, y: at.y, wide, tint };
  }
}

function stream(on: Graphics, top: number, bottom: number, width: number, color: number): void {
  on.moveTo(riverAt(top - 2), top - 2);
  for (let y = top + 6; y < bottom + 2; y += 8) {
    on.lineTo(riverAt(y), y);
  }
  on.lineTo(riverAt(bottom + 2), bottom + 2).stroke({ width, color, cap: "butt", join: "round" });
}

function fill(on: Graphics, path: readonly Point[], colour: number): void {
  on.poly(path.flatMap(({ x, y }) => [x, y])).fill(colour);
}

/** A little larger, so that no seam shows between neighbours. */
function swollen({ corners, centre }: Cell): Point[] {
  return corners.map(({ x, y }) => ({ x: centre.x + (x - centre.x) * 1.02, y: centre.y + (y - centre.y) * 1.02 }));
}
