/** Marks what is selected, what has the keyboard's focus, and how the selected is related to others. */

import { Container, Graphics } from "pixi.js";
import type { Shape } from "../../domain/figure.ts";
import type { Marked } from "../attention.ts";
import type { City, Quarter } from "../city.ts";
import { bend, type Point } from "../geometry.ts";
import type { Palette } from "../palette.ts";
import { cell } from "../terrain.ts";

const STEPS = 22;
/** So many of one ring of dependents are marked; all of them stay bright. */
const MOST_RINGED = 150;

export class Marker {
  readonly view = new Container();
  private readonly borders = new Graphics();
  private readonly arcs = new Graphics();
  private readonly rings = new Graphics();
  private readonly city: City;

  constructor(city: City) {
    this.city = city;
    this.view.addChild(this.borders, this.arcs, this.rings);
  }

  /** Draw the marks as thin as they should look at a magnification. */
  draw(marked: Marked, palette: Palette, zoom: number): void {
    for (const one of [this.borders, this.arcs, this.rings]) {
      one.clear();
    }
    const pixel = 1 / zoom;
    const chosen = marked.selected[0];
    this.border(chosen, palette.accent, 2.4 * pixel, 0.95);
    if (marked.hovered && marked.hovered.key !== chosen?.key) {
      this.border(marked.hovered, palette.accent, 1.4 * pixel, 0.6);
      this.ring(marked.hovered, palette.accent, 4 * pixel, 1.5 * pixel, 0.8);
    }
    for (const other of chosen ? marked.related : []) {
      this.arc(chosen as Shape, other, palette, pixel);
    }
    marked.rings.forEach((shapes, rank) => {
      for (const shape of shapes.slice(0, MOST_RINGED)) {
        this.ring(shape, palette.accent, 3 * pixel, (rank === 0 ? 3 : 1.8) * pixel, 1 / (1 + rank * 0.7));
      }
    });
    for (const shape of marked.selected) {
      this.ring(shape, palette.accent, 5 * pixel, 2.5 * pixel, 1);
      this.ring(shape, palette.accent, 9 * pixel, 1 * pixel, 0.5);
    }
    if (marked.focused) {
      this.ring(marked.focused, palette.text, 8 * pixel, 3 * pixel, 1);
      this.ring(marked.focused, palette.halo, 11 * pixel, 2 * pixel, 0.9);
    }
  }

  private ring({ x, y, size }: Shape, color: number, gap: number, width: number, alpha: number): void {
    this.rings.circle(x, y, size + gap).stroke({ width, color, alpha });
  }

  private arc(from: Shape, to: Shape, palette: Palette, pixel: number): void {
    const far = Math.hypot(to.x - from.x, to.y - from.y);
    const over = { x: (from.x + to.x) / 2, y: (from.y + to.y) / 2 - far * 0.22 };
    for (const [width, alpha] of [
      [6, 0.14],
      [1.6, 0.85],
    ] as const) {
      this.arcs.moveTo(from.x, from.y);
      for (let step = 1; step <= STEPS; step += 1) {
        const { x, y } = bend(from, over, to, step / STEPS);
        this.arcs.lineTo(x, y);
      }
      this.arcs.stroke({ width: width * pixel, color: palette.arc, alpha, cap: "round", join: "round" });
    }
    this.ring(to, palette.arc, 3 * pixel, 1.6 * pixel, 0.9);
  }

  private border(shape: Shape | null | undefined, color: number, width: number, alpha: number): void {
    const quarter = shape?.figure.stands.on === "heart" ? this.city.quarters.get(shape.id) : undefined;
    if (!quarter) {
      return;
    }
    for (const [from, to] of edges(quarter, this.city)) {
      this.borders.moveTo(from.x, from.y).lineTo(to.x, to.y);
    }
    this.borders.stroke({ width, color, alpha, cap: "round" });
  }
}

/** Return the edges of a quarter's cells behind which another quarter begins. */
function edges(quarter: Quarter, city: City): [Point, Point][] {
  const sides: [Point, Point][] = [];
  for (const key of [...quarter.cells.keys(), ...quarter.greens]) {
    const { corners } = cell(key);
    corners.forEach((from, at) => {
      const to = corners[(at + 1) % corners.length];
      if (to && city.owners.get(from.towards) !== quarter.id) {
        sides.push([from, to]);
      }
    });
  }
  return sides;
}
