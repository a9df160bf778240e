/** Which names are written, and where: the weightiest first, none over another, a few hundred at most. */

import { alertOf } from "../domain/alerts.ts";
import { labelOf } from "../domain/entities.ts";
import type { Figure, Shape } from "../domain/figure.ts";
import type { Registry } from "../domain/registry.ts";
import { isTrouble } from "../domain/tones.ts";
import { freeOf, type Size, toScreen, type View } from "./camera.ts";
import { type Box, overlaps, within } from "./geometry.ts";

export type Label = {
  readonly key: string;
  readonly text: string;
  readonly shape: Shape;
  readonly size: number;
  readonly strong: boolean;
  readonly alert: boolean;
  /** How far it keeps from the shape's middle, in the map's own units. */
  readonly reach: number;
  /** Whether it is written above its shape, as there was no room below. */
  readonly isAbove: boolean;
};

export const MOST_LABELS = 220;
const GRID = 64;
/** A name that is so much weightier than others is written a point larger. */
const LARGE = 20;
/** On a narrower screen names are written smaller, and in two lines. */
const NARROW = 520;
/** From so much farther than a place is named with ease, its name is written in two lines, and closer to others. */
const FAR = 3;
/** How much of a plume's foot the name of what fails leaves free, in points of the screen: it may lie over other smoke. */
const FIRE = 12;
/** A shorter name stays in one line. */
const SHORT = 11;

/** Return the figures that are called by their names at a magnification: from afar only places, the weightiest of them. */
export function namedAt(zoom: number, shown: ReadonlySet<Figure>): ReadonlySet<Figure> {
  return new Set([...shown].filter(({ label }) => label.strong || zoom >= label.from));
}

/** Return figures and those of the quarters in which they stand: a place keeps its name while its ground is hidden. */
export function withQuarters(shown: ReadonlySet<Figure>, { figures }: Registry): ReadonlySet<Figure> {
  const isInQuarters = [...shown].some(({ stands }) => stands.on === "lot");
  return new Set([
    ...shown,
    ...figures.filter(({ type, stands }) => isInQuarters && type !== null && stands.on === "heart"),
  ]);
}

/** What fails, and where it smokes on the screen: that no name hides but those that are pinned. */
export type Trouble = { readonly failing: ReadonlySet<string>; readonly smoke: readonly Box[] };

const NO_TROUBLE: Trouble = { failing: new Set(), smoke: [] };

/**
 * Choose the labels for what is in sight. `held` are those written now: they stay if they can, so that none flickers.
 * What is failing comes before its like. Of equal ones the outermost come first: the others find no room any less.
 */
export function chosen(
  shapes: readonly Shape[],
  view: View,
  size: Size,
  pinned: ReadonlySet<string>,
  held: ReadonlySet<string>,
  { failing, smoke } = NO_TROUBLE,
): Label[] {
  const weigh = ({ key }: Shape) => (held.has(key) ? 20 : 0) + (failing.has(key) ? 60 : 0);
  const ranked = shapes.map((shape) => ({ shape, weight: weight(shape, pinned) + weigh(shape) }));
  ranked.sort((one, other) => other.weight - one.weight || outermost(one.shape, other.shape));
  const taken = new Taken();
  const free = freeOf(size);
  const fires = smoke.map((box) => ({ ...box, top: box.bottom - FIRE }));
  const labels: Label[] = [];
  for (const { shape } of ranked) {
    const fails = failing.has(shape.key);
    const isPinned = pinned.has(shape.key);
    const below = labelFor(shape, view, size, isPinned, fails);
    const hidden = fails ? fires : smoke;
    const hasRoom = (label: Label) => {
      const box = boxOf(label, view, size);
      if (!within(box, free)) return false;
      return isPinned || (taken.isFree(box) && !hidden.some((one) => overlaps(one, box)));
    };
    const label = [below, { ...below, isAbove: true }].find(hasRoom) ?? (isPinned ? below : undefined);
    if (label) {
      taken.take(boxOf(label, view, size));
      labels.push(label);
    }
    if (labels.length >= MOST_LABELS) {
      break;
    }
  }
  return labels;
}

function outermost(one: Shape, other: Shape): number {
  return Math.hypot(other.x, other.y) - Math.hypot(one.x, one.y) || (one.key < other.key ? -1 : 1);
}

function weight(shape: Shape, pinned: ReadonlySet<string>): number {
  const { figure, item } = shape;
  const alert = isAlarmed(shape) ? 60 : 0;
  return (pinned.has(shape.key) ? 10_000 : 0) + figure.label.weight + alert + figure.weight(item);
}

function labelFor(shape: Shape, view: View, screen: Size, pinned: boolean, fails: boolean): Label {
  const { item, size } = shape;
  const { figure } = shape;
  const { label } = figure;
  const strong = label.strong ?? false;
  const narrow = screen.width < NARROW ? 1.5 : 0;
  const large = strong ? Math.min(3, figure.weight(item) / LARGE) : 0;
  const near = strong ? Math.max(-1.5, Math.min(2, Math.log2(view.zoom / label.from) * 0.5)) : 0;
  const name = shortened(labelOf(item), pinned ? 60 : label.most);
  return {
    key: shape.key,
    text: strong && (narrow > 0 || view.zoom < label.from * FAR) ? broken(name) : name,
    shape,
    size: Math.round(label.size + large * 0.7 + near - narrow),
    strong: strong || pinned,
    alert: fails || isAlarmed(shape),
    reach: size * (label.gap ?? 1.12),
    isAbove: false,
  };
}

/** Whether what is wrong with a thing colours its name. */
function isAlarmed({ figure, item }: Shape): boolean {
  return figure.label.warns === true && isTrouble(alertOf(item));
}

/** Return a name that is no longer than a label may be. */
export function shortened(name: string, most = 26): string {
  // a letter has one unit or more
  if (name.length <= most) return name;
  const letters = [...new Intl.Segmenter().segment(name)].map((one) => one.segment);
  if (letters.length <= most) return name;
  const kept = letters.slice(0, most - 1).join("");
  return `${kept.trimEnd()}…`;
}

/** Return a name in two lines, if it has more than one word and two lines are much narrower. */
export function broken(name: string): string {
  const middle = name.length / 2;
  const gaps = [...name.matchAll(/ /g)].map(({ index }) => index);
  const [gap] = gaps.sort((one, other) => Math.abs(one - middle) - Math.abs(other - middle));
  return gap === undefined || name.length < SHORT ? name : `${name.slice(0, gap)}\n${name.slice(gap + 1)}`;
}

/** Return how far below a shape's middle its label begins, in points of the screen. */
export function dropOf({ text, size, reach, isAbove }: Label, zoom: number): number {
  return isAbove ? -reach * zoom - 3 - heightOf(text, size) : reach * zoom + 3;
}

function heightOf(text: string, size: number): number {
  return size * 1.3 * text.split("\n").length;
}

/** Return the room that a label takes on the screen, with air around it. */
export function boxOf(label: Label, view: View, size: Size): Box {
  const at = toScreen(view, size, label.shape);
  const isTight = size.width < NARROW || view.zoom < label.shape.figure.label.from * FAR;
  const air = label.strong && !isTight ? 9 : 3;
  const longest = Math.max(...label.text.split("\n").map((line) => line.length));
  const half = (longest * label.size * (label.strong ? 0.64 : 0.58)) / 2 + air;
  const top = at.y + dropOf(label, view.zoom);
  const bottom = top + heightOf(label.text, label.size);
  return { left: at.x - half, right: at.x + half, top: top - air / 2, bottom: bottom + air / 2 };
}

/** Boxes that are taken, sorted into squares so that a look at the neighbours is enough. */
class Taken {
  private readonly squares = new Map<number, Box[]>();

  isFree(box: Box): boolean {
    for (const square of this.reached(box)) {
      if (this.squares.get(square)?.some((one) => overlaps(one, box))) return false;
    }
    return true;
  }

  take(box: Box): void {
    for (const square of this.reached(box)) {
      const boxes = this.squares.get(square) ?? [];
      this.squares.set(square, boxes);
      boxes.push(box);
    }
  }

  private *reached(box: Box): Generator<number> {
    for (let column = Math.floor(box.left / GRID); column <= Math.floor(box.right / GRID); column += 1) {
      for (let row = Math.floor(box.top / GRID); row <= Math.floor(box.bottom / GRID); row += 1) {
        yield column * 10_000 + row;
      }
    }
  }
}
