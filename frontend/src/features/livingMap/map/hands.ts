/** What hands on the map mean: which thing they point at, where they move the map, what they pick. */

import type { Figure, Shape } from "../domain/figure.ts";
import type { Attention } from "./attention.ts";
import { pan, type Size, seen, toMap, type View, zoomAt } from "./camera.ts";
import type { Point } from "./geometry.ts";
import type { Moves } from "./gestures.ts";
import { type KeyActions, onKey } from "./keys.ts";
import { namedAt } from "./labels.ts";
import type { Layout } from "./layout.ts";
import type { Input } from "./machine.ts";
import type { Stage } from "./paint/stage.ts";
import { nearest } from "./terrain.ts";
import { nextStop } from "./tour.ts";

/** What hands need to know of the map at the moment they move. */
export type Grip = {
  readonly layout: Layout;
  readonly attention: Attention;
  readonly figures: ReadonlySet<Figure>;
  readonly size: Size;
  /** Null while nothing is drawn: then hands do nothing. */
  readonly drawing: Stage | null;
  input(input: Input): void;
  steer(change: (view: View) => View): void;
  fit(): void;
  onHover(shape: Shape | null, at: Point): void;
};

/** How far a hand may miss what it means. */
const SLACK = { mouse: 5, touch: 16 } as const;

export class Hands implements Moves, KeyActions {
  private readonly grip: Grip;
  /** Where the keys were last: whoever comes back to the map goes on from there. */
  private last: string | null = null;

  constructor(grip: Grip) {
    this.grip = grip;
  }

  pan(dx: number, dy: number): void {
    this.grip.steer((view) => pan(view, dx, dy));
  }

  zoom(at: Point, factor: number): void {
    this.grip.steer((view) => zoomAt(view, this.grip.size, at, factor));
  }

  zoomBy(factor: number): void {
    const { width, height } = this.grip.size;
    this.zoom({ x: width / 2, y: height / 2 }, factor);
  }

  fit(): void {
    this.grip.fit();
  }

  tap(at: Point, isTouch: boolean): void {
    const shape = this.shapeAt(at, isTouch ? SLACK.touch : SLACK.mouse) ?? this.groundAt(at);
    this.grip.input({ type: "pick", id: shape?.id ?? null });
  }

  press(at: Point, isTouch: boolean): void {
    const shape = this.shapeAt(at, isTouch ? SLACK.touch : SLACK.mouse) ?? this.groundAt(at);
    this.grip.input({ type: "hold", id: shape?.id ?? null });
  }

  hold(): boolean {
    const { attention, layout } = this.grip;
    const { focused, hovered, selected, held } = attention;
    const id = layout.shapes.get(focused ?? hovered ?? "")?.id ?? selected ?? held;
    if (id !== null) this.grip.input({ type: "hold", id });
    return id !== null;
  }

  hover(at: Point | null): void {
    const touched = at ? this.shapeAt(at, SLACK.mouse) : undefined;
    const shape = touched ?? (at ? this.groundAt(at) : undefined);
    this.grip.input({ type: "hover", key: shape?.key ?? null });
    this.grip.onHover(touched ?? null, at ?? { x: 0, y: 0 });
  }

  key(key: string, shift: boolean): boolean {
    return onKey(key, shift, this);
  }

  step(back: boolean): boolean {
    const { drawing, attention, size, figures, layout } = this.grip;
    if (!drawing || attention.isLeaving) {
      this.grip.input({ type: "tab" });
      return false;
    }
    const view = drawing.looking;
    const shapes = drawing.places.within(seen(view, size), namedAt(view.zoom, figures));
    const from = layout.shapes.get(attention.focused ?? this.last ?? "");
    const stop = nextStop(shapes, from ?? null, back);
    this.last = stop?.key ?? null;
    this.grip.input({ type: "focus", key: stop?.key ?? null });
    return stop !== null;
  }

  enter(): boolean {
    const { attention, layout } = this.grip;
    const shape = attention.focused === null ? undefined : layout.shapes.get(attention.focused);
    if (shape) {
      this.grip.input({ type: "pick", id: shape.id });
    }
    return shape !== undefined;
  }

  leave(): boolean {
    const { focused, selected, held } = this.grip.attention;
    this.grip.input({ type: "escape" });
    return focused !== null || selected !== null || held !== null;
  }

  private shapeAt(at: Point, slack: number): Shape | undefined {
    const { drawing, size, figures } = this.grip;
    if (!drawing) {
      return undefined;
    }
    const view = drawing.looking;
    return drawing.places.at(toMap(view, size, at), slack / view.zoom, figures);
  }

  /** Return the thing on whose ground a point of the screen lies: the founder of its quarter. */
  private groundAt(at: Point): Shape | undefined {
    const { drawing, size, figures, layout } = this.grip;
    const owner = drawing && layout.city.owners.get(nearest(toMap(drawing.looking, size, at)));
    const shape = owner ? layout.shapes.get(owner) : undefined;
    return shape && figures.has(shape.figure) ? shape : undefined;
  }
}
