/** Everything that stands on the map, each figure in a crowd of its own. */

import { Container } from "pixi.js";
import { alertOf } from "../../domain/alerts.ts";
import type { Figure, Shape } from "../../domain/figure.ts";
import { FIGURES } from "../../domain/registry.ts";
import { toneOfItem } from "../../domain/status.ts";
import { gravest, type Tone } from "../../domain/tones.ts";
import type { Box } from "../geometry.ts";
import type { Layout, Settled } from "../layout.ts";
import type { Palette } from "../palette.ts";
import type { Atlas } from "./atlas.ts";
import { Crowd, type Means } from "./crowd.ts";

export class Cast {
  readonly view = new Container();
  private readonly crowds: ReadonlyMap<Figure, Crowd>;
  private readonly layout: Layout;
  private palette: Palette;

  constructor(layout: Layout, atlas: Atlas, means: Means, palette: Palette) {
    this.layout = layout;
    this.palette = palette;
    this.crowds = new Map(FIGURES.map((figure) => [figure, new Crowd(atlas, means)]));
    for (const crowd of this.crowds.values()) {
      this.view.addChild(crowd.view);
    }
  }

  settle({ put, removed }: Settled): void {
    for (const { figure, key } of removed) {
      this.crowds.get(figure)?.drop(key);
    }
    for (const shape of put) {
      this.dress(shape);
    }
    this.warn(new Set([...put, ...removed].filter(isMachine).map((one) => one.home)));
  }

  repaint(palette: Palette): void {
    this.palette = palette;
    for (const shape of this.layout.shapes.values()) {
      this.dress(shape);
    }
  }

  /** Let the figures that are out of date fade. */
  fade(alphas: ReadonlyMap<Figure, number>): void {
    for (const [figure, crowd] of this.crowds) {
      crowd.view.alpha = alphas.get(figure) ?? 1;
    }
  }

  /** Prepare what of some figures lies in sight at a magnification. */
  flush(shown: ReadonlySet<Figure>, sight: Box, zoom: number): void {
    for (const [figure, crowd] of this.crowds) {
      crowd.view.visible = shown.has(figure) && zoom >= (figure.visibleFrom ?? 0);
      crowd.flush(sight);
    }
  }

  /** Let quarters show from afar what is wrong with the machines in them. */
  private warn(homes: ReadonlySet<string>): void {
    for (const home of homes) {
      const emblem = this.layout.shapes.get(home);
      if (emblem?.figure.stands.on === "heart") {
        this.dress(emblem);
      }
    }
  }

  private dress(shape: Shape): void {
    const { figure, item, home } = shape;
    const hue = this.layout.city.quarters.get(home)?.hue ?? 0;
    const alert = figure.stands.on === "heart" ? this.gravestIn(home) : alertOf(item);
    const spots = figure.draw(shape, this.palette, { hue, tone: toneOfItem(item), alert });
    this.crowds.get(figure)?.put(shape.key, spots);
  }

  private gravestIn(home: string): Tone | null {
    const keys = this.layout.city.quarters.get(home)?.taken.keys() ?? [];
    const machines = [...keys].flatMap((key) => this.layout.shapes.get(key) ?? []).filter(isMachine);
    return gravest(machines.flatMap(({ item }) => alertOf(item) ?? []));
  }
}

function isMachine({ figure: { stands } }: Shape): boolean {
  return stands.on === "lot" && stands.lot === "works";
}
