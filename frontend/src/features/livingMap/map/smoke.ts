/** Smoke over what fails: from afar one plume over each quarter or planet, from near one over each thing. */

import { alertOf } from "../domain/alerts.ts";
import type { Figure, Shape } from "../domain/figure.ts";
import { type Ghosts, NO_GHOSTS } from "../domain/ghosts.ts";
import type { Registry } from "../domain/registry.ts";
import { toneOfItem } from "../domain/status.ts";
import type { Tone } from "../domain/tones.ts";
import { type Size, toScreen, type View } from "./camera.ts";
import type { Box, Point } from "./geometry.ts";
import type { Layout, Settled } from "./layout.ts";

export type Plume = {
  /** What it rises from: a shape, or the quarter or the planet. */
  readonly key: string;
  readonly x: number;
  readonly y: number;
  readonly size: number;
  /** How many things fail there. */
  readonly count: number;
  /** Since when the one that failed last has failed, in milliseconds since 1970; undefined if nobody says so. */
  readonly since: number | undefined;
};

/** From this magnification on each thing smokes for itself. */
const EACH_FROM = 0.6;
const MOST = 80;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** Since when things are in trouble, by id. */
export type Since = ReadonlyMap<string, number>;

export class Smoke {
  private readonly layout: Layout;
  private failing = new Map<string, Shape>();
  private ghosts: Ghosts = NO_GHOSTS;

  constructor(layout: Layout) {
    this.layout = layout;
  }

  /** Take what has changed; return whether anything burns or has gone out. */
  settle({ put, removed }: Settled, registry: Registry): boolean {
    const before = this.failing.size;
    let isNew = false;
    for (const { key } of removed) this.failing.delete(key);
    for (const shape of put) {
      // a satellite is the sign of a thing that stands elsewhere
      const fails = shape.figure.stands.on !== "orbit" && isFailing(shape, registry);
      isNew ||= fails !== this.failing.has(shape.key);
      if (fails) this.failing.set(shape.key, shape);
      else this.failing.delete(shape.key);
    }
    return isNew || before !== this.failing.size;
  }

  /** Take what is not as it is now: of what is not there yet nothing burns. */
  haunt(ghosts: Ghosts): void {
    this.ghosts = ghosts;
  }

  /** Return the keys of what fails of some figures, and of the quarters and the planets in which that is. */
  sources(figures: ReadonlySet<Figure>): ReadonlySet<string> {
    return new Set(this.burning(figures).flatMap(({ key, home }) => [key, home]));
  }

  /** Return the plumes of some figures at a magnification, the largest first. */
  plumes(figures: ReadonlySet<Figure>, zoom: number, since: Since): Plume[] {
    const shapes = this.burning(figures);
    const plumes =
      zoom >= EACH_FROM ? shapes.map((one) => plumeOver(one, [one], since)) : this.byHome(shapes, since);
    return plumes.sort((one, other) => other.count - one.count || (one.key < other.key ? -1 : 1)).slice(0, MOST);
  }

  private burning(figures: ReadonlySet<Figure>): Shape[] {
    const isThere = ({ id }: Shape) => this.ghosts.get(id)?.kind !== "absent";
    return [...this.failing.values()].filter((one) => figures.has(one.figure) && isThere(one));
  }

  private byHome(shapes: readonly Shape[], since: Since): Plume[] {
    const homes = new Map<string, Shape[]>();
    for (const shape of shapes) homes.set(shape.home, [...(homes.get(shape.home) ?? []), shape]);
    return [...homes].flatMap(([home, things]) => {
      const over = this.layout.shapes.get(home) ?? things[0];
      return over ? [plumeOver(over, things, since)] : [];
    });
  }
}

function plumeOver({ key, x, y, size }: Shape, things: readonly Shape[], since: Since): Plume {
  const times = things.flatMap(({ id }) => since.get(id) ?? []);
  return { key, x, y, size, count: things.length, since: times.length > 0 ? Math.max(...times) : undefined };
}

function isFailing({ item }: Shape, registry: Registry): boolean {
  return toneOfItem(item, registry) === "bad" || alertOf(item) === "bad";
}

/** How far a puff rises above the one before, in points of the screen. */
export const RISE = 8;
/** Half of the width of the lowest puffs. */
const HALF = 8;
/** So many puffs are dense. */
const DENSE = 4;

/** Return where a plume rises from on the screen. */
export function footOf(plume: Plume, view: View, size: Size): Point {
  const { x, y } = toScreen(view, size, plume);
  return { x, y: y - Math.min(plume.size, 14) * view.zoom };
}

/** Return the part of the screen in which a plume is dense: above it nothing is hidden that matters. */
export function denseOf(plume: Plume, view: View, size: Size): Box {
  const { x, y } = footOf(plume, view, size);
  return { left: x - HALF, right: x + HALF * 2, top: y - DENSE * RISE, bottom: y + 1 };
}

/** Return how many puffs a plume has: the more fail, the higher it rises. */
export function puffsOf({ count }: Plume): number {
  return 3 + Math.min(5, Math.round(Math.log2(count + 1)));
}

/** Return the colour of a plume by its age: what has just begun burns, what is old only smoulders. */
export function toneOfAge({ since }: Plume, now: number): Tone {
  const age = since === undefined ? 0 : now - since;
  return age < HOUR ? "bad" : age < DAY ? "warn" : "off";
}
