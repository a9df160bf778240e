/** What lines streets and stands in parks: the same houses and trees every time, and no two alike. */

import { dice, hash2 } from "../../domain/chance.ts";
import { mix } from "../../domain/colour.ts";
import type { Spot } from "../../domain/figure.ts";
import { type Corner, inset, type Point } from "../geometry.ts";
import type { Palette } from "../palette.ts";
import { type Cell, HOUSE_DEPTH } from "../terrain.ts";

/** From the kerb to the houses, and from a corner to the first house. */
const YARD = 1.6;
const CORNER = 9;

/** Houses along a block's edges, some with light in the window. */
export function houses(ground: Cell, block: readonly Corner[], colour: number, palette: Palette): Spot[] {
  const chance = dice(hash2(ground.q, ground.r) + 1);
  return block.flatMap((from, at) => row(from, block[(at + 1) % block.length] ?? from, chance, colour, palette));
}

function row(from: Point, to: Point, chance: () => number, colour: number, palette: Palette): Spot[] {
  const length = Math.hypot(to.x - from.x, to.y - from.y);
  const turn = Math.atan2(to.y - from.y, to.x - from.x);
  const spots: Spot[] = [];
  let wide = 0;
  for (let along = CORNER; along < length - CORNER; along += wide) {
    wide = Math.min(6 + chance() * 10, length - CORNER + 1 - along);
    const high = HOUSE_DEPTH * (0.75 + chance() * 0.35);
    const [right, down] = [along + wide / 2, high / 2 + YARD];
    const x = from.x + Math.cos(turn) * right - Math.sin(turn) * down;
    const y = from.y + Math.sin(turn) * right + Math.cos(turn) * down;
    const tint = mix(colour, palette.roof, 0.35 + chance() * 0.5);
    const lit = chance() < (palette.night ? 0.34 : 0.12);
    if (wide > 4) {
      spots.push({ frame: "slab", x, y, wide: wide - 1.4, high, tint, turn });
    }
    if (wide > 4 && lit) {
      spots.push({ frame: "slab", x, y, wide: 2.2, high: 2.2, tint: palette.window, turn, alpha: 0.9 });
    }
  }
  return spots;
}

/** Trees here and there within a piece of ground. */
export function grove(ground: Cell, within: readonly Corner[], count: number, palette: Palette): Spot[] {
  const chance = dice(hash2(ground.q, ground.r) + 2);
  const { centre } = ground;
  const trees = Array.from({ length: count }, () => {
    const corner = within[Math.floor(chance() * within.length)] ?? centre;
    const share = Math.sqrt(chance()) * 0.92;
    const x = centre.x + (corner.x - centre.x) * share + (chance() - 0.5) * 12;
    const y = centre.y + (corner.y - centre.y) * share + (chance() - 0.5) * 12;
    return tree({ x, y }, 9 + chance() * 8, chance(), palette);
  });
  return trees.sort((one, other) => one.y - other.y);
}

/** A tree at each corner of a block. */
export function hedge(ground: Cell, block: readonly Corner[], palette: Palette): Spot[] {
  const chance = dice(hash2(ground.q, ground.r) + 3);
  return inset(block, () => 8).map((corner) => tree(corner, 8 + chance() * 4, chance(), palette));
}

function tree({ x, y }: Point, wide: number, chance: number, palette: Palette): Spot {
  const tint = palette.trees[Math.floor(chance * palette.trees.length)] ?? palette.park;
  return { frame: "tree", x, y, wide, tint };
}
