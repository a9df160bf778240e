/** Where the map is looked at, and how that changes: plain values in, plain values out. */

import type { Box, Point } from "./geometry.ts";

/** Where the map is looked at: the centre in the map's own units, and how much it is magnified. */
export type View = { readonly x: number; readonly y: number; readonly zoom: number };

/** How large the screen is, and what of it lies beneath something else, such as a banner at its top. */
export type Size = { readonly width: number; readonly height: number; readonly free?: Box };

/** Return the part of the screen in which all is seen: what must be read, or seen whole, is placed within it. */
export function freeOf({ width, height, free }: Size): Box {
  return free ?? { left: 0, top: 0, right: width, bottom: height };
}

export const NEAREST = 8;
const FARTHEST = 0.01;

/** Return where a point of the map lies on the screen. */
export function toScreen(view: View, size: Size, at: Point): Point {
  return { x: (at.x - view.x) * view.zoom + size.width / 2, y: (at.y - view.y) * view.zoom + size.height / 2 };
}

/** Return which point of the map lies under a point of the screen. */
export function toMap(view: View, size: Size, at: Point): Point {
  return { x: (at.x - size.width / 2) / view.zoom + view.x, y: (at.y - size.height / 2) / view.zoom + view.y };
}

export function seen(view: View, size: Size): Box {
  const wide = size.width / view.zoom / 2;
  const high = size.height / view.zoom / 2;
  return { left: view.x - wide, right: view.x + wide, top: view.y - high, bottom: view.y + high };
}

/** Move the map by so many points of the screen. */
export function pan(view: View, dx: number, dy: number): View {
  return { ...view, x: view.x - dx / view.zoom, y: view.y - dy / view.zoom };
}

/** Magnify by `factor` so that what lies under `at` on the screen stays there. */
export function zoomAt(view: View, size: Size, at: Point, factor: number): View {
  const held = toMap(view, size, at);
  const zoom = Math.max(FARTHEST, Math.min(NEAREST, view.zoom * factor));
  return {
    x: held.x - (at.x - size.width / 2) / zoom,
    y: held.y - (at.y - size.height / 2) / zoom,
    zoom,
  };
}

/** Return the view that shows all of `box` with a margin. */
export function fitted(box: Box, size: Size, most = 1.6): View {
  const free = freeOf(size);
  const [width, height] = [free.right - free.left, Math.max(LEAST_PX, free.bottom - free.top)];
  const margin = Math.min(40, width / 12, height / 12);
  const wide = Math.max(1, width - 2 * margin) / Math.max(1, box.right - box.left);
  const high = Math.max(1, height - 2 * margin) / Math.max(1, box.bottom - box.top);
  const zoom = Math.max(FARTHEST, Math.min(wide, high, most));
  return centred({ x: (box.left + box.right) / 2, y: (box.top + box.bottom) / 2 }, zoom, size);
}

/** Where less than this is free all is shown as large as if it were, rather than as a speck. */
const LEAST_PX = 100;

/** Return the view that has a point of the map in the middle of what is free. */
export function centred({ x, y }: Point, zoom: number, size: Size): View {
  const { left, top, right, bottom } = freeOf(size);
  return {
    x: x - ((left + right) / 2 - size.width / 2) / zoom,
    y: y - ((top + bottom) / 2 - size.height / 2) / zoom,
    zoom,
  };
}

/** How much smaller than when it fills the screen everything may become. */
const SMALLEST = 0.6;

/** Keep the middle of the screen within what there is to see, and that from becoming a speck. */
export function kept(view: View, box: Box, size: Size): View {
  const margin = 400;
  const x = Math.max(box.left - margin, Math.min(box.right + margin, view.x));
  const y = Math.max(box.top - margin, Math.min(box.bottom + margin, view.y));
  const zoom = Math.max(view.zoom, fitted(box, size).zoom * SMALLEST);
  return x === view.x && y === view.y && zoom === view.zoom ? view : { x, y, zoom };
}

export function same(one: View, other: View): boolean {
  const near = 0.02 / Math.max(one.zoom, FARTHEST);
  const zoomed = Math.abs(one.zoom / other.zoom - 1);
  return Math.abs(one.x - other.x) < near && Math.abs(one.y - other.y) < near && zoomed < 1e-4;
}

export type Flight = {
  readonly milliseconds: number;
  /** Return the view at a share of the way from 0 to 1. */
  at(share: number): View;
};

const BEND = 1.4;

/** Return the smooth way from one view to another (van Wijk and Nuij, "Smooth and efficient zooming and panning", 2003). */
export function flight(from: View, to: View, size: Size): Flight {
  const across = Math.max(size.width, size.height);
  const [start, end] = [across / from.zoom, across / to.zoom];
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const far = Math.hypot(dx, dy);
  const path = far < 1e-6 ? straight(start, end) : curve(start, end, far);
  return {
    milliseconds: Math.max(250, Math.min(1600, path.length * 420)),
    at(share) {
      if (share >= 1) {
        return to;
      }
      const { along, width } = path.at(ease(share) * path.length);
      const part = far < 1e-6 ? 0 : along / far;
      return { x: from.x + dx * part, y: from.y + dy * part, zoom: across / width };
    },
  };
}

type Way = { readonly length: number; at(s: number): { readonly along: number; readonly width: number } };

function straight(start: number, end: number): Way {
  const length = Math.abs(Math.log(end / start)) / BEND;
  const sign = end < start ? -1 : 1;
  return { length, at: (s) => ({ along: 0, width: start * Math.exp(sign * BEND * s) }) };
}

function curve(start: number, end: number, far: number): Way {
  const b = BEND * BEND;
  const offset = (width: number, sign: number) =>
    (end * end - start * start + sign * b * b * far * far) / (2 * width * b * far);
  const steep = (value: number) => Math.log(Math.sqrt(value * value + 1) - value);
  const r0 = steep(offset(start, 1));
  const r1 = steep(offset(end, -1));
  return {
    length: (r1 - r0) / BEND,
    at(s) {
      const along = (start / b) * (Math.cosh(r0) * Math.tanh(BEND * s + r0) - Math.sinh(r0));
      return { along, width: (start * Math.cosh(r0)) / Math.cosh(BEND * s + r0) };
    },
  };
}

function ease(share: number): number {
  return share < 0.5 ? 2 * share * share : 1 - (2 - 2 * share) ** 2 / 2;
}
