/** Everything that stands on the map, each figure in a crowd of its own. */

import { Container } from "pixi.js";
import { alertOf } from "../../domain/alerts.ts";
import { type Figure, layerOfDistrict, type Shape, type Spot } from "../../domain/figure.ts";
import { type Ghost, type Ghosts, NO_GHOSTS } from "../../domain/ghosts.ts";
import { Registry } from "../../domain/registry.ts";
import { toneOfItem } from "../../domain/status.ts";
import { gravest, isTrouble, type Tone } from "../../domain/tones.ts";
import type { Box } from "../geometry.ts";
import type { Layout, Settled } from "../layout.ts";
import type { Palette } from "../palette.ts";
import type { Atlas } from "./atlas.ts";
import { Crowd, type Means } from "./crowd.ts";

export class Cast {
  readonly view = new Container();
  private readonly crowds = new Map<Figure, Crowd>();
  private readonly atlas: Atlas;
  private readonly means: Means;
  private registry = new Registry();
  private readonly layout: Layout;
  private palette: Palette;
  private alphas: ReadonlyMap<Figure, number> = new Map();
  private ghosts: Ghosts = NO_GHOSTS;
  /** What things raise alarm about from afar, by their keys. */
  private readonly alarms = new Map<string, Tone>();
  /** What does not step back; null if nothing does. */
  kept: ReadonlySet<string> | null = null;

  constructor(layout: Layout, atlas: Atlas, means: Means, palette: Palette) {
    this.layout = layout;
    this.palette = palette;
    this.atlas = atlas;
    this.means = means;
    this.view.sortableChildren = true;
  }

  /** Take what the things of the map are. */
  adopt(registry: Registry): void {
    this.registry = registry;
  }

  settle({ put, removed }: Settled): void {
    const changed = new Set<string>();
    for (const { figure, key, home } of removed) {
      this.crowds.get(figure)?.drop(key);
      if (this.alarms.delete(key)) changed.add(home);
    }
    for (const shape of put) {
      if (this.note(shape)) changed.add(shape.home);
      this.dress(shape);
    }
    this.warn(changed);
  }

  repaint(palette: Palette): void {
    this.palette = palette;
    for (const shape of this.layout.shapes.values()) {
      this.dress(shape);
    }
  }

  /** Outline what is otherwise now. */
  haunt(ghosts: Ghosts): void {
    const before = this.ghosts;
    this.ghosts = ghosts;
    const ids = [...before.keys(), ...ghosts.keys()].filter((id) => before.get(id)?.kind !== ghosts.get(id)?.kind);
    const changed = new Set<string>();
    for (const shape of new Set(ids.flatMap((id) => this.layout.all(id)))) {
      if (this.note(shape)) changed.add(shape.home);
      this.dress(shape);
    }
    this.warn(changed);
  }

  /** Let all step back but some shapes, by their keys; null shows all again. */
  dim(kept: ReadonlySet<string> | null): void {
    this.kept = kept;
    for (const shape of this.layout.shapes.values()) {
      this.dress(shape);
    }
  }

  /** Let the figures that are out of date fade. */
  fade(alphas: ReadonlyMap<Figure, number>): void {
    this.alphas = alphas;
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

  /** Let quarters show from afar what is wrong in them. */
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
    const spots = figure.draw(shape, this.palette, { hue, tone: toneOfItem(item, this.registry), alert });
    const ghost = this.ghosts.get(shape.id);
    const whole = ghost ? outlined(shape, spots, ghost, this.palette) : spots;
    const steps = this.kept !== null && !this.kept.has(shape.key);
    this.crowdOf(figure).put(shape.key, steps ? whole.map(faint) : whole);
  }

  private crowdOf(figure: Figure): Crowd {
    let crowd = this.crowds.get(figure);
    if (!crowd) {
      crowd = new Crowd(this.atlas, this.means);
      crowd.view.zIndex = figure.order;
      crowd.view.alpha = this.alphas.get(figure) ?? 1;
      this.crowds.set(figure, crowd);
      this.view.addChild(crowd.view);
    }
    return crowd;
  }

  private gravestIn(home: string): Tone | null {
    const keys = this.layout.city.quarters.get(home)?.taken.keys() ?? [];
    return gravest([...keys].flatMap((key) => this.alarms.get(key) ?? []));
  }

  /** Note what a thing raises alarm about, if it is there: its alerts, and its own trouble. Return whether that has changed. */
  private note(shape: Shape): boolean {
    const { key, id, item } = shape;
    const before = this.alarms.get(key);
    const isThere = isHeeded(shape) && this.ghosts.get(id)?.kind !== "absent";
    const alert = alertOf(item);
    const tone = toneOfItem(item, this.registry);
    const alarm = !isThere ? null : isTrouble(tone) ? gravest(alert ? [tone, alert] : [tone]) : alert;
    if (alarm) this.alarms.set(key, alarm);
    else this.alarms.delete(key);
    return before !== (alarm ?? undefined);
  }
}

function faint(spot: Spot): Spot {
  return { ...spot, alpha: (spot.alpha ?? 1) * 0.12 };
}

/** Return a thing with an outline around it; of what was not there yet only that. */
function outlined({ x, y, size }: Shape, spots: readonly Spot[], { kind }: Ghost, palette: Palette): Spot[] {
  const wide = size * 2.9 + 6;
  const outline: Spot = { frame: "ghost", x, y, wide, tint: palette.past, alpha: kind === "absent" ? 0.75 : 1 };
  return kind === "absent" ? [outline] : [...spots, outline];
}

/** Whether what is wrong with a thing shows from afar: all but the lights, of which there are too many. */
function isHeeded({ home, figure: { stands } }: Shape): boolean {
  return stands.on === "lot" && (stands.lot !== "homes" || layerOfDistrict(home) !== undefined);
}
