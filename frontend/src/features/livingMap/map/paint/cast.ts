/** Everything that stands on the map, each kind in a crowd of its own. */

import { Container } from "pixi.js";
import type { Box } from "../geometry.ts";
import { KINDS, type Kind, type Shape } from "../kinds.ts";
import type { Layout, Settled } from "../layout.ts";
import type { Palette } from "../palette.ts";
import { alertOf, type Tone } from "../status.ts";
import type { Atlas } from "./atlas.ts";
import { Crowd, type Means } from "./crowd.ts";
import { dress } from "./dress.ts";

/** Far out an agent is less than a point of the screen: its quarter's name stands for it. */
const AGENTS_FROM = 0.05;

export class Cast {
  readonly view = new Container();
  private readonly crowds: ReadonlyMap<Kind, Crowd>;
  private readonly layout: Layout;
  private palette: Palette;

  constructor(layout: Layout, atlas: Atlas, means: Means, palette: Palette) {
    this.layout = layout;
    this.palette = palette;
    this.crowds = new Map(KINDS.map((kind) => [kind, new Crowd(atlas, means)]));
    for (const crowd of this.crowds.values()) {
      this.view.addChild(crowd.view);
    }
  }

  settle({ put, gone }: Settled): void {
    for (const { kind, key } of gone) {
      this.crowds.get(kind)?.drop(key);
    }
    for (const shape of put) {
      this.dress(shape);
    }
    this.warn(new Set([...put, ...gone].filter((one) => one.kind === "node").map((one) => one.home)));
  }

  repaint(palette: Palette): void {
    this.palette = palette;
    for (const shape of this.layout.shapes.values()) {
      this.dress(shape);
    }
  }

  /** Let the kinds that are out of date fade. */
  fade(alphas: Readonly<Record<Kind, number>>): void {
    for (const [kind, crowd] of this.crowds) {
      crowd.view.alpha = alphas[kind];
    }
  }

  /** Prepare what of some kinds lies in sight at a magnification. */
  flush(shown: ReadonlySet<Kind>, sight: Box, zoom: number): void {
    for (const [kind, crowd] of this.crowds) {
      crowd.view.visible = shown.has(kind) && (kind !== "agent" || zoom >= AGENTS_FROM);
      crowd.flush(sight);
    }
  }

  /** Let microDAOs show from afar what is wrong with their nodes. */
  private warn(homes: ReadonlySet<string>): void {
    for (const home of homes) {
      const emblem = this.layout.shapes.get(home);
      if (emblem?.kind === "microdao") {
        this.dress(emblem);
      }
    }
  }

  private dress(shape: Shape): void {
    const hue = this.layout.city.quarters.get(shape.home)?.hue ?? 0;
    const alert = shape.kind === "microdao" ? this.gravest(shape.home) : alertOf(shape.item);
    this.crowds.get(shape.kind)?.put(shape.key, dress(shape, this.palette, hue, alert));
  }

  private gravest(home: string): Tone | null {
    let found: Tone | null = null;
    for (const [key, { trade }] of this.layout.city.quarters.get(home)?.taken ?? []) {
      const node = trade === "works" ? this.layout.shapes.get(key) : undefined;
      const alert = node ? alertOf(node.item) : null;
      found = alert === "bad" || found === "bad" ? "bad" : (alert ?? found);
    }
    return found;
  }
}
