/** Events of mouse, fingers and keys on an element, turned into moves. */

import type { Point } from "./geometry.ts";

export type Moves = {
  pan(dx: number, dy: number): void;
  zoom(at: Point, factor: number): void;
  tap(at: Point, isTouch: boolean): void;
  hover(at: Point | null): void;
  /** A finger or the mouse has stayed down on a point. */
  press(at: Point, isTouch: boolean): void;
  /** A key was pressed; return whether it means something here. */
  key(key: string, shift: boolean): boolean;
};

/** A hand is never quite still: it may slip so far and still only tap. */
const SLIP = 6;
const HOLD_MS = 550;
const WHEEL = 0.0015;
const PINCH_WHEEL = 0.01;
const LINE = 16;

/** Listen to an element until the returned function is called. */
export function listen(element: HTMLElement, moves: Moves): () => void {
  const fingers = new Fingers(element, moves);
  const stop = new AbortController();
  const { signal } = stop;
  element.addEventListener("pointerdown", (event) => fingers.down(event), { signal });
  element.addEventListener("pointermove", (event) => fingers.move(event), { signal });
  element.addEventListener("pointerup", (event) => fingers.up(event, true), { signal });
  element.addEventListener("pointercancel", (event) => fingers.up(event, false), { signal });
  element.addEventListener("pointerleave", () => moves.hover(null), { signal });
  // a long touch is the map's own
  element.addEventListener("contextmenu", (event) => event.preventDefault(), { signal });
  element.addEventListener("dblclick", (event) => moves.zoom(fingers.point(event), 2), { signal });
  element.addEventListener("wheel", (event) => fingers.wheel(event), { signal, passive: false });
  element.addEventListener(
    "keydown",
    (event) => {
      if (!event.altKey && !event.ctrlKey && !event.metaKey && moves.key(event.key, event.shiftKey)) {
        event.preventDefault();
      }
    },
    { signal },
  );
  return () => stop.abort();
}

class Fingers {
  private readonly element: HTMLElement;
  private readonly moves: Moves;
  private readonly touching = new Map<number, Point>();
  private slipped = 0;
  private holding = 0;

  constructor(element: HTMLElement, moves: Moves) {
    this.element = element;
    this.moves = moves;
  }

  point(event: MouseEvent): Point {
    const box = this.element.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  down(event: PointerEvent): void {
    if (event.button !== 0) {
      return;
    }
    this.element.setPointerCapture(event.pointerId);
    if (this.touching.size === 0) {
      this.slipped = 0;
    }
    this.touching.set(event.pointerId, this.point(event));
    clearTimeout(this.holding);
    this.holding = window.setTimeout(() => this.held(this.point(event), event.pointerType), HOLD_MS);
  }

  private held(at: Point, pointer: string): void {
    if (this.touching.size === 1 && this.slipped <= SLIP) {
      // it is no tap any more
      this.slipped = SLIP + 1;
      this.moves.press(at, pointer === "touch");
    }
  }

  move(event: PointerEvent): void {
    const at = this.point(event);
    const before = this.touching.get(event.pointerId);
    if (!before) {
      this.moves.hover(event.pointerType === "touch" ? null : at);
      return;
    }
    const other = [...this.touching].find(([id]) => id !== event.pointerId)?.[1];
    this.touching.set(event.pointerId, at);
    this.slipped += Math.hypot(at.x - before.x, at.y - before.y);
    if (other) {
      this.pinch(before, at, other);
    } else if (this.slipped > SLIP) {
      this.moves.pan(at.x - before.x, at.y - before.y);
    }
  }

  up(event: PointerEvent, isTap: boolean): void {
    clearTimeout(this.holding);
    const wasDown = this.touching.delete(event.pointerId);
    if (wasDown && isTap && this.touching.size === 0 && this.slipped <= SLIP) {
      this.moves.tap(this.point(event), event.pointerType === "touch");
    }
  }

  wheel(event: WheelEvent): void {
    event.preventDefault();
    const pixels = event.deltaY * (event.deltaMode === WheelEvent.DOM_DELTA_PIXEL ? 1 : LINE);
    const speed = event.ctrlKey ? PINCH_WHEEL : WHEEL;
    this.moves.zoom(this.point(event), Math.exp(-Math.max(-400, Math.min(400, pixels)) * speed));
  }

  private pinch(before: Point, at: Point, other: Point): void {
    this.slipped = SLIP + 1;
    const was = Math.hypot(before.x - other.x, before.y - other.y) || 1;
    const is = Math.hypot(at.x - other.x, at.y - other.y) || 1;
    this.moves.pan((at.x - before.x) / 2, (at.y - before.y) / 2);
    this.moves.zoom({ x: (at.x + other.x) / 2, y: (at.y + other.y) / 2 }, is / was);
  }
}
