/** Which names are written, and where: the important ones first, none over another, few hundred at most. */

import type { MapView as View } from "../client/scene.ts";
import { type Size, toScreen } from "./camera.ts";
import { type Box, overlaps } from "./geometry.ts";
import type { Kind, Shape } from "./kinds.ts";
import { alertOf } from "./status.ts";
import { nameOf, shortened } from "./words.ts";

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

/** From which magnification on a kind is called by its name, and how weighty it is. */
const LEVELS: Readonly<Record<Kind, { readonly from: number; readonly weight: number; readonly size: number }>> = {
  dao: { from: 0.08, weight: 900, size: 12.5 },
  microdao: { from: 0.06, weight: 1000, size: 12 },
  room: { from: 0.55, weight: 500, size: 12 },
  node: { from: 1.2, weight: 300, size: 11 },
  orbit: { from: 1.5, weight: 250, size: 11 },
  proposal: { from: 1.5, weight: 280, size: 11 },
  channel: { from: 1.7, weight: 260, size: 11 },
  agent: { from: 4.2, weight: 100, size: 11 },
};

export const MOST_LABELS = 220;
const GRID = 64;
/** On a narrower screen names are written smaller. */
const NARROW = 520;

/** Return the kinds that are called by their names at a magnification. */
export function namedAt(zoom: number, shown: ReadonlySet<Kind>): ReadonlySet<Kind> {
  return new Set([...shown].filter((kind) => zoom >= LEVELS[kind].from));
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
    const label = labelOf(shape, view, size, pinned.has(shape.key));
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
  const { kind, item } = shape;
  const alert = kind === "node" && alertOf(item) ? 60 : 0;
  const large = typeof item.agents === "number" ? Math.log2(1 + Math.max(0, item.agents)) * 6 : 0;
  const leads = item.is_orchestrator === true ? 30 : 0;
  return (pinned.has(shape.key) ? 10_000 : 0) + LEVELS[kind].weight + alert + large + leads;
}

function labelOf(shape: Shape, view: View, screen: Size, pinned: boolean): Label {
  const { kind, item, size } = shape;
  const narrow = screen.width < NARROW ? 1.5 : 0;
  const large =
    kind === "microdao" && typeof item.agents === "number" ? Math.min(3, Math.log10(1 + item.agents)) : 0;
  const near = Math.max(0, Math.min(2, Math.log2(view.zoom / LEVELS[kind].from) * 0.5));
  return {
    key: shape.key,
    text: shortened(nameOf(item), pinned ? 60 : kind === "agent" ? 18 : 26),
    shape,
    size: Math.round(
      LEVELS[kind].size + large * 0.7 + (kind === "microdao" || kind === "dao" ? near : 0) - narrow,
    ),
    strong: kind === "microdao" || kind === "dao" || pinned,
    alert: kind === "node" && alertOf(item) !== null,
    zoom: view.zoom,
    drop: size * (kind === "node" ? 1.05 : 1.12) * view.zoom + 3,
  };
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
