/** Which names are written, and where: the weightiest first, none over another, a few hundred at most. */

import { alertOf } from "../domain/alerts.ts";
import { labelOf } from "../domain/entities.ts";
import type { Figure, Shape } from "../domain/figure.ts";
import { isTrouble } from "../domain/tones.ts";
import { type Size, toScreen, type View } from "./camera.ts";
import { type Box, overlaps } from "./geometry.ts";

export type Label = {
  readonly key: string;
  readonly text: string;
  readonly shape: Shape;
  readonly size: number;
  readonly strong: boolean;
  readonly alert: boolean;
  /** From the shape's middle to the label's upper edge, in points of the screen at the magnification `zoom`. */
  readonly drop: number;
  readonly zoom: number;
};

export const MOST_LABELS = 220;
const GRID = 64;
/** A name that is so much weightier than others is written a point larger. */
const LARGE = 20;
/** On a narrower screen names are written smaller. */
const NARROW = 520;

/** Return the figures that are called by their names at a magnification. */
export function namedAt(zoom: number, shown: ReadonlySet<Figure>): ReadonlySet<Figure> {
  return new Set([...shown].filter(({ label }) => zoom >= label.from));
}

/** Choose the labels for what is in sight. `held` are those written now: they stay if they can, so that none flickers. */
export function chosen(
  shapes: readonly Shape[],
  view: View,
  size: Size,
  pinned: ReadonlySet<string>,
  held: ReadonlySet<string>,
): Label[] {
  const weigh = (shape: Shape) => weight(shape, pinned) + (held.has(shape.key) ? 20 : 0);
  const ranked = shapes.map((shape) => [weigh(shape), shape] as const);
  ranked.sort(([one, { key }], [other, { key: second }]) => other - one || (key < second ? -1 : 1));
  const taken = new Taken();
  const labels: Label[] = [];
  for (const [, shape] of ranked) {
    const label = labelFor(shape, view, size, pinned.has(shape.key));
    const box = boxOf(label, view, size);
    const whole = box.left >= 0 && box.right <= size.width;
    if ((whole || pinned.has(shape.key)) && taken.claim(box)) {
      labels.push(label);
    }
    if (labels.length >= MOST_LABELS) {
      break;
    }
  }
  return labels;
}

function weight(shape: Shape, pinned: ReadonlySet<string>): number {
  const { figure, item } = shape;
  const alert = isAlarmed(shape) ? 60 : 0;
  return (pinned.has(shape.key) ? 10_000 : 0) + figure.label.weight + alert + figure.weight(item);
}

function labelFor(shape: Shape, view: View, screen: Size, pinned: boolean): Label {
  const { item, size } = shape;
  const { figure } = shape;
  const { label } = figure;
  const strong = label.strong ?? false;
  const narrow = screen.width < NARROW ? 1.5 : 0;
  const large = strong ? Math.min(3, figure.weight(item) / LARGE) : 0;
  const near = strong ? Math.max(0, Math.min(2, Math.log2(view.zoom / label.from) * 0.5)) : 0;
  return {
    key: shape.key,
    text: shortened(labelOf(item), pinned ? 60 : label.most),
    shape,
    size: Math.round(label.size + large * 0.7 + near - narrow),
    strong: strong || pinned,
    alert: isAlarmed(shape),
    zoom: view.zoom,
    drop: size * (label.gap ?? 1.12) * view.zoom + 3,
  };
}

/** Whether what is wrong with a thing colours its name. */
function isAlarmed({ figure, item }: Shape): boolean {
  return figure.label.warns === true && isTrouble(alertOf(item));
}

/** Return a name that is no longer than a label may be. */
export function shortened(name: string, most = 26): string {
  const letters = [...new Intl.Segmenter().segment(name)].map((one) => one.segment);
  if (letters.length <= most) {
    return name;
  }
  const kept = letters.slice(0, most - 1).join("");
  return `${kept.trimEnd()}…`;
}

function boxOf(label: Label, view: View, size: Size): Box {
  const at = toScreen(view, size, label.shape);
  const air = label.strong ? 9 : 4;
  const half = (label.text.length * label.size * (label.strong ? 0.64 : 0.58)) / 2 + air;
  const top = at.y + label.drop;
  return { left: at.x - half, right: at.x + half, top: top - air / 2, bottom: top + label.size * 1.3 + air / 2 };
}

/** Boxes that are taken, sorted into squares so that a look at the neighbours is enough. */
class Taken {
  private readonly squares = new Map<number, Box[]>();

  claim(box: Box): boolean {
    const near = [...this.reached(box)];
    if (near.some((square) => this.squares.get(square)?.some((one) => overlaps(one, box)))) {
      return false;
    }
    for (const square of near) {
      const boxes = this.squares.get(square) ?? [];
      this.squares.set(square, boxes);
      boxes.push(box);
    }
    return true;
  }

  private *reached(box: Box): Generator<number> {
    for (let column = Math.floor(box.left / GRID); column <= Math.floor(box.right / GRID); column += 1) {
      for (let row = Math.floor(box.top / GRID); row <= Math.floor(box.bottom / GRID); row += 1) {
        yield column * 10_000 + row;
      }
    }
  }
}
