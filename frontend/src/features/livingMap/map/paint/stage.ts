/** The canvas: holds everything that draws, and draws when there is something new to see. */

import { Container, Graphics, type Renderer, RendererType } from "pixi.js";
import { mapNow } from "../../client/clock.ts";
import type { Figure, Shape } from "../../domain/figure.ts";
import type { Ghosts } from "../../domain/ghosts.ts";
import { Registry } from "../../domain/registry.ts";
import { toneOfItem } from "../../domain/status.ts";
import { type Marked, NOTHING } from "../attention.ts";
import { type Flight, flight, type Size, seen, toScreen, type View } from "../camera.ts";
import { chosen, type Label, namedAt, withQuarters } from "../labels.ts";
import type { Layout, Settled } from "../layout.ts";
import type { Palette } from "../palette.ts";
import { Places } from "../places.ts";
import { denseOf, type Plume, type Since, Smoke } from "../smoke.ts";
import { Atlas } from "./atlas.ts";
import { Backdrop } from "./backdrop.ts";
import { Beat } from "./beat.ts";
import { Cast } from "./cast.ts";
import { flatShader, flatten } from "./flat.ts";
import { Ground } from "./ground.ts";
import { Marker } from "./marker.ts";
import { Plumes } from "./plumes.ts";
import { Pulses } from "./pulses.ts";
import { fence, isLost, rendererOn } from "./renderer.ts";
import { Scribe } from "./scribe.ts";

const LABELS_EVERY_MS = 160;
const WAITING_PULSES = 96;
const NO_KEYS: ReadonlySet<string> = new Set();

export class Stage {
  readonly places = new Places();
  readonly layout: Layout;
  private readonly renderer: Renderer;
  private readonly root = new Container();
  private readonly soil = new Container({ isRenderGroup: true });
  private readonly world = new Container({ isRenderGroup: true });
  private readonly atlas = new Atlas();
  private readonly backdrop = new Backdrop(this.atlas);
  private readonly ground: Ground;
  private readonly cast: Cast;
  private readonly rings = flatten(new Graphics(), flatShader());
  private readonly marker: Marker;
  private readonly pulses = new Pulses(this.atlas);
  private readonly smoke: Smoke;
  private readonly plumes = new Plumes(this.atlas);
  private readonly scribe: Scribe;
  private readonly beat = new Beat({ frame: (now) => this.frame(now), fence: () => fence(this.renderer) });
  private readonly waiting = new Map<string, Shape>();
  private palette: Palette;
  private shown: ReadonlySet<Figure> = new Set();
  /** What may be called by its name: the shown, and the quarters in which they are. */
  private named: ReadonlySet<Figure> = new Set();
  private registry = new Registry();
  private marked: Marked = NOTHING;
  private since: Since = new Map();
  private resmoke = true;
  private smoking: readonly Plume[] = [];
  private size: Size = { width: 1, height: 1 };
  private view: View = { x: 0, y: 0, zoom: 0.5 };
  private way: { readonly flight: Flight; readonly begun: number } | null = null;
  private moved = true;
  private remark = true;
  private relabel = true;
  private labelled = 0;
  private onMove: (view: View, resting: boolean) => void = () => undefined;

  private constructor(renderer: Renderer, layout: Layout, palette: Palette) {
    this.renderer = renderer;
    this.layout = layout;
    this.palette = palette;
    const means = renderer.type === RendererType.CANVAS ? "sprites" : "particles";
    const { graphicsContext } = renderer;
    const prepare = ({ context }: Graphics) => graphicsContext.updateGpuContext(context);
    this.ground = new Ground(layout.city, this.atlas, means, palette, prepare);
    this.marker = new Marker(layout.city);
    this.scribe = new Scribe(palette);
    this.smoke = new Smoke(layout);
    this.cast = new Cast(layout, this.atlas, means, palette);
    this.world.addChild(this.rings, this.cast.view, this.pulses.view, this.marker.view);
    this.soil.addChild(this.ground.view);
    this.root.addChild(
      this.backdrop.below,
      this.soil,
      this.backdrop.above,
      this.world,
      this.plumes.view,
      this.scribe.view,
    );
    this.backdrop.paint(palette);
  }

  /** Make a stage on a canvas with the best means that the browser has, or with plain ones. Rejects where it has none. */
  static async on(canvas: HTMLCanvasElement, layout: Layout, palette: Palette, isPlain: boolean): Promise<Stage> {
    const renderer = await rendererOn(canvas, palette.sea.at(-1) ?? 0, isPlain);
    return new Stage(renderer, layout, palette);
  }

  /** Whether the browser has taken the graphics away. */
  get isLost(): boolean {
    return isLost(this.renderer);
  }

  /** Take what the things of the map are. */
  adopt(registry: Registry): void {
    this.registry = registry;
    this.cast.adopt(registry);
  }

  /** Called with every move of the map, and once more when it has come to rest. */
  listen(onMove: (view: View, resting: boolean) => void): void {
    this.onMove = onMove;
  }

  resize(size: Size, resolution: number): void {
    this.size = size;
    if (resolution !== this.renderer.resolution) {
      this.scribe.restyle(this.palette, resolution);
    }
    this.renderer.resize(size.width, size.height, resolution);
    this.moved = true;
    this.draw();
  }

  /** Draw at once: the canvas was emptied, or must not lag behind what surrounds it. */
  draw(): void {
    this.frame(performance.now());
  }

  settle(settled: Settled): void {
    const { put, removed, cells, systems } = settled;
    if (cells.size > 0) {
      this.ground.change(cells);
      this.beat.later();
    }
    for (const shape of removed) {
      this.places.drop(shape);
    }
    for (const shape of put) {
      this.places.put(shape);
    }
    this.cast.settle(settled);
    this.resmoke = this.smoke.settle(settled, this.registry) || this.resmoke;
    if (systems.size > 0) {
      this.orbits();
    }
    if (put.length + removed.length > 0) {
      this.relabel = true;
      this.beat.later();
    }
  }

  repaint(palette: Palette): void {
    this.palette = palette;
    this.backdrop.paint(palette);
    this.ground.recolour(palette);
    this.scribe.restyle(palette, this.renderer.resolution);
    this.orbits();
    this.cast.repaint(palette);
    this.remark = true;
    this.relabel = true;
    this.resmoke = true;
    this.beat.soon();
  }

  /** Take since when things are in trouble. */
  age(since: Since): void {
    this.since = since;
    this.resmoke = true;
    this.beat.later();
  }

  show(figures: ReadonlySet<Figure>, city: boolean): void {
    this.shown = figures;
    this.named = withQuarters(figures, this.registry);
    this.ground.soften(city);
    this.rings.visible = [...figures].some(({ stands }) => stands.on === "orbit" || stands.on === "planet");
    this.moved = true;
    this.relabel = true;
    this.beat.soon();
  }

  /** Outline what is otherwise now. */
  haunt(ghosts: Ghosts): void {
    this.cast.haunt(ghosts);
    this.smoke.haunt(ghosts);
    this.relabel = true;
    this.resmoke = true;
    this.beat.later();
  }

  /** Let the figures that are out of date fade. */
  fade(alphas: ReadonlyMap<Figure, number>): void {
    this.cast.fade(alphas);
    this.beat.later();
  }

  mark(marked: Marked): void {
    if (marked.rings.length > 0 || this.marked.rings.length > 0) this.dim(marked);
    this.marked = marked;
    this.remark = true;
    this.relabel = true;
    this.beat.soon();
  }

  /** Let all step back but what is held and what depends on it. */
  private dim({ rings }: Marked): void {
    const kept = rings.length > 0 ? new Set(rings.flat().map(({ key }) => key)) : null;
    this.cast.dim(kept);
    this.soil.alpha = kept ? 0.4 : 1;
    this.rings.alpha = kept ? 0.3 : 1;
  }

  /** Let rings spread around these, if they are in sight; when too much happens, around some of them. */
  pulse(shapes: readonly Shape[]): void {
    for (const shape of shapes) {
      if (this.waiting.size < WAITING_PULSES) {
        this.waiting.set(shape.key, shape);
      }
    }
    this.beat.later();
  }

  get looking(): View {
    return this.view;
  }

  look(view: View): void {
    this.way = null;
    this.view = view;
    this.moved = true;
    this.beat.soon();
  }

  fly(view: View): void {
    this.way = { flight: flight(this.view, view, this.size), begun: performance.now() };
    this.beat.soon();
  }

  destroy(): void {
    this.beat.stop();
    // before the sprites, which forget their textures
    this.backdrop.destroy();
    this.root.destroy({ children: true });
    this.atlas.destroy();
    this.renderer.destroy();
  }

  private orbits(): void {
    this.rings.clear();
    for (const { x, y, rings } of this.layout.sky.systems.values()) {
      for (const { radius, band } of rings) {
        const alpha = (this.palette.night ? 0.3 : 0.45) * (band === "moons" ? 0.6 : 1);
        this.rings.circle(x, y, radius).stroke({ width: 1.2, color: this.palette.orbit, alpha });
      }
    }
  }

  private frame(now: number): boolean {
    const flying = this.advance(now);
    this.release(now);
    const sight = seen(this.view, this.size);
    if (this.moved) {
      const origin = toScreen(this.view, this.size, { x: 0, y: 0 });
      for (const one of [this.soil, this.world]) {
        one.scale.set(this.view.zoom);
        one.position.set(origin.x, origin.y);
      }
      this.backdrop.look(this.view, this.size);
    }
    const building = this.ground.flush(sight, this.view.zoom);
    this.cast.flush(this.shown, sight, this.view.zoom);
    if (this.moved || this.remark) {
      this.marker.draw(this.marked, this.palette, this.view.zoom);
    }
    if (this.moved || this.resmoke) {
      this.smoking = this.smoke.plumes(this.shown, this.view.zoom, this.since);
      this.plumes.draw(this.smoking, this.view, this.size, this.palette, mapNow());
    }
    this.pulses.step(now, this.view.zoom);
    const writing = this.label(now);
    this.renderer.render(this.root);
    this.settleDown(flying, writing, building);
    return flying;
  }

  private advance(now: number): boolean {
    if (!this.way) {
      return false;
    }
    const share = Math.min(1, (now - this.way.begun) / this.way.flight.milliseconds);
    this.view = this.way.flight.at(Math.max(0, share));
    this.moved = true;
    if (share >= 1) {
      this.way = null;
    }
    return this.way !== null;
  }

  private release(now: number): void {
    const sight = seen(this.view, this.size);
    for (const shape of this.waiting.values()) {
      if (this.pulses.room <= 0) {
        break;
      }
      const { x, y, figure, item } = shape;
      if (this.shown.has(figure) && x > sight.left && x < sight.right && y > sight.top && y < sight.bottom) {
        const tint = figure.glows ? this.palette.lamp : this.palette.tones[toneOfItem(item, this.registry)];
        this.pulses.start(shape, tint, now);
      }
    }
    this.waiting.clear();
  }

  private label(now: number): boolean {
    if ((this.moved || this.relabel) && now - this.labelled > LABELS_EVERY_MS) {
      this.labelled = now;
      this.relabel = this.moved;
      this.scribe.write(this.labels());
    }
    const writing = this.scribe.proceed();
    this.scribe.place(this.view, this.size);
    return writing;
  }

  private labels(): Label[] {
    const { focused, selected } = this.marked;
    const pinned = [focused, ...selected].filter((one) => one !== null);
    const named = namedAt(this.view.zoom, this.named);
    const nameless = pinned.filter((one) => !named.has(one.figure) && this.shown.has(one.figure));
    const shapes = [...this.places.within(seen(this.view, this.size), named), ...nameless];
    const keys = new Set(pinned.map((one) => one.key));
    const kept = this.cast.kept;
    if (kept)
      return chosen(
        shapes.filter(({ key }) => kept.has(key)),
        this.view,
        this.size,
        keys,
        NO_KEYS,
      );
    return chosen(shapes, this.view, this.size, keys, this.scribe.held, {
      failing: this.smoke.sources(this.shown),
      smoke: this.smoking.map((one) => denseOf(one, this.view, this.size)),
    });
  }

  private settleDown(flying: boolean, writing: boolean, building: boolean): void {
    if (this.moved) {
      this.onMove(this.view, !flying);
    }
    this.remark = false;
    this.resmoke = false;
    this.moved = false;
    if (writing) {
      this.beat.soon();
    } else if (building || this.pulses.alive || this.relabel) {
      this.beat.later();
    }
  }
}
