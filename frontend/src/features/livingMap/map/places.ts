/** Finds what stands near a point or in a box: shapes sorted into squares of ground. */

import type { Figure, Shape } from "../domain/figure.ts";
import type { Box, Point } from "./geometry.ts";

const SQUARE = 300;
const WIDEST = 60;

export class Places {
  private readonly squares = new Map<string, Map<string, Shape>>();

  put(shape: Shape): void {
    const name = nameOf(shape);
    const square = this.squares.get(name) ?? new Map<string, Shape>();
    this.squares.set(name, square);
    square.set(shape.key, shape);
  }

  drop(shape: Shape): void {
    const square = this.squares.get(nameOf(shape));
    square?.delete(shape.key);
    if (square?.size === 0) {
      this.squares.delete(nameOf(shape));
    }
  }

  /** Return the shapes of some figures that lie in a box. */
  within(box: Box, figures: ReadonlySet<Figure>): Shape[] {
    const shapes: Shape[] = [];
    for (const square of this.reached(box)) {
      for (const shape of square.values()) {
        const { x, y } = shape;
        if (figures.has(shape.figure) && x >= box.left && x <= box.right && y >= box.top && y <= box.bottom) {
          shapes.push(shape);
        }
      }
    }
    return shapes;
  }

  /** Return the shape that a hand at `at` means: one that it touches, or misses by `slack` at most. */
  at(at: Point, slack: number, figures: ReadonlySet<Figure>): Shape | undefined {
    const reach = WIDEST + slack;
    const box = { left: at.x - reach, top: at.y - reach, right: at.x + reach, bottom: at.y + reach };
    let best: Shape | undefined;
    let least = slack;
    for (const shape of this.within(box, figures)) {
      const miss = Math.hypot(shape.x - at.x, shape.y - at.y) - shape.size;
      // what is small lies on what is large: a hand that touches both means the small one
      if (miss < least || (miss <= 0 && best && shape.size < best.size)) {
        least = Math.max(miss, 0);
        best = shape;
      }
    }
    return best;
  }

  private *reached(box: Box): Generator<ReadonlyMap<string, Shape>> {
    const [left, right] = [Math.floor(box.left / SQUARE), Math.floor(box.right / SQUARE)];
    const [top, bottom] = [Math.floor(box.top / SQUARE), Math.floor(box.bottom / SQUARE)];
    if ((right - left + 1) * (bottom - top + 1) > this.squares.size) {
      yield* this.squares.values();
      return;
    }
    for (let column = left; column <= right; column += 1) {
      for (let row = top; row <= bottom; row += 1) {
        const square = this.squares.get(`${column}/${row}`);
        if (square) {
          yield square;
        }
      }
    }
  }
}

function nameOf({ x, y }: Shape): string {
  return `${Math.floor(x / SQUARE)}/${Math.floor(y / SQUARE)}`;
}
