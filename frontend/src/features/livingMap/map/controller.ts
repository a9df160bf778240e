/** The map apart from React: it holds layout and stage together, and does what the state machine says. */

import type { Scene, SourceBrief } from "../client/scene.ts";
import { dependentsOf } from "../domain/dependents.ts";
import type { Figure, Shape } from "../domain/figure.ts";
import { strengths } from "../domain/freshness.ts";
import { type Ghosts, NO_GHOSTS } from "../domain/ghosts.ts";
import type { PulseFeed } from "../domain/pulses.ts";
import { Registry } from "../domain/registry.ts";
import { type Attention, markedIn } from "./attention.ts";
import { kept, type Size, seen, type View } from "./camera.ts";
import type { Box, Point } from "./geometry.ts";
import { type Grip, Hands } from "./hands.ts";
import { hasGround } from "./homes.ts";
import { Layout } from "./layout.ts";
import { CLOSED, type Effect, type Input, isUp, type Machine, type Phase, step } from "./machine.ts";
import { type Near, nearIn } from "./near.ts";
import type { Stage } from "./paint/stage.ts";
import { PALETTES, type Palette } from "./palette.ts";
import type { Since } from "./smoke.ts";
import { closeView, extentOf, wholeView } from "./views.ts";

/** What the map reports to those around it. */
export type Listener = {
  onPick(id: string | null): void;
  onRest(view: View): void;
  onHover(shape: Shape | null, at: Point): void;
  onFocus(shape: Shape | null): void;
  /** Called when something is held, with what depends on it, ring by ring; null when it is let go. */
  onHold(held: Held | null): void;
  /** Called with the things that are near enough for a chart beside them, once the map is at rest; with none when it moves. */
  onNear(near: readonly Near[]): void;
  onPhase(phase: Phase): void;
  /** Called when a canvas is needed: call `raise` with what draws on it, or `fail`. */
  onLoad(isPlain: boolean): void;
};

export type Held = { readonly id: string; readonly rings: readonly (readonly string[])[] };

const SETTLE_EVERY_MS = 180;
const REST_MS = 220;
const OVERDUE: Input = { type: "overdue" };

export class Controller implements Grip {
  readonly layout = new Layout();
  readonly hands = new Hands(this);
  private readonly listener: Listener;
  private machine: Machine = CLOSED;
  private stage: Stage | null = null;
  size: Size = { width: 1, height: 1 };
  private resolution = 1;
  palette: Palette = PALETTES.dark;
  figures: ReadonlySet<Figure> = new Set();
  private registry = new Registry();
  private layers: ReadonlySet<string> = new Set();
  private sources: readonly SourceBrief[] = [];
  private hasCity = true;
  private alphas: ReadonlyMap<Figure, number> = new Map();
  private scene: Scene = {};
  private ghosts: Ghosts = NO_GHOSTS;
  private since: Since = new Map();
  private held: Held | null = null;
  private isStill = false;
  private isMarked = false;
  private hasNear = false;
  private extent: Box | null = null;
  private settleTimer = 0;
  private restTimer = 0;
  private lossTimer = 0;

  constructor(listener: Listener) {
    this.listener = listener;
  }

  /** Tell the machine what has happened, and do what follows. */
  input(input: Input): void {
    const before = this.machine;
    const { machine, effects } = step(before, input);
    this.machine = machine;
    for (const effect of effects) {
      this.perform(effect);
    }
    if (machine.phase !== before.phase) {
      this.listener.onPhase(machine.phase);
    }
  }

  /** Show everything on a stage that has just been made. */
  raise(stage: Stage): void {
    this.stage = stage;
    stage.adopt(this.registry);
    stage.listen(() => this.moved());
    stage.resize(this.size, this.resolution);
    stage.settle(this.layout.everything());
    stage.show(this.figures, this.hasCity);
    stage.fade(this.alphas);
    stage.haunt(this.ghosts);
    stage.age(this.since);
    stage.repaint(this.palette);
    this.input({ type: "ready", count: this.layout.shapes.size });
    this.noteDrawn();
  }

  /** Note that the browser has taken the graphics away. Until there is a new stage, nothing is drawn. */
  lose(): void {
    const view = this.stage?.looking;
    if (view) {
      this.input({ type: "lost", view });
    }
  }

  resize(size: Size, resolution: number): void {
    this.size = size;
    this.resolution = resolution;
    this.drawing?.resize(size, resolution);
    this.input({ type: "resize", count: this.layout.shapes.size });
  }

  /** Take a scene; many of them in a short while cost as much as the last one. */
  update(scene: Scene): void {
    const isFirst = this.layout.shapes.size === 0;
    this.scene = scene;
    if (isFirst) {
      this.settle();
    } else if (!this.settleTimer) {
      this.settleTimer = window.setTimeout(() => this.settle(), SETTLE_EVERY_MS);
    }
  }

  /** Take what the things of the scene are. The map is drawn by it at once; what stays where it is does not move. */
  adopt(registry: Registry): void {
    if (registry === this.registry) return;
    this.registry = registry;
    this.layout.adopt(registry);
    this.stage?.adopt(registry);
    this.show(this.layers);
    this.trust(this.sources);
    if (this.layout.shapes.size > 0) this.settle();
  }

  show(layers: ReadonlySet<string>): void {
    this.layers = layers;
    this.figures = this.registry.figuresOf(layers);
    this.hasCity = hasGround(this.figures, this.registry);
    this.drawing?.show(this.figures, this.hasCity);
    this.mark();
  }

  trust(sources: readonly SourceBrief[]): void {
    this.sources = sources;
    this.alphas = strengths(sources, this.registry.figures);
    this.drawing?.fade(this.alphas);
  }

  /** Outline what is otherwise now than in the scene that is shown. */
  haunt(ghosts: Ghosts): void {
    this.ghosts = ghosts;
    this.drawing?.haunt(ghosts);
  }

  /** Take since when things are in trouble, by id, in milliseconds since 1970. */
  age(since: Since): void {
    this.since = since;
    this.drawing?.age(since);
  }

  repaint(palette: Palette): void {
    this.palette = palette;
    this.drawing?.repaint(palette);
  }

  /** Move without flying, and let no rings spread, for people who want less motion. */
  calm(isStill: boolean): void {
    this.isStill = isStill;
  }

  listen(pulses: PulseFeed): () => void {
    return pulses.subscribe((events) => {
      if (!this.isStill && this.machine.phase === "drawn") {
        this.stage?.pulse(events.flatMap(({ id }) => this.layout.all(id)));
      }
    });
  }

  fit(): void {
    this.input({ type: "fit", count: this.layout.shapes.size });
  }

  get phase(): Phase {
    return this.machine.phase;
  }

  get attention(): Attention {
    return this.machine.attention;
  }

  onHover(shape: Shape | null, at: Point): void {
    this.listener.onHover(shape, at);
  }

  /** The stage, while it can be drawn on. */
  get drawing(): Stage | null {
    return isUp(this.machine) ? this.stage : null;
  }

  private perform(effect: Effect): void {
    if (effect.do === "load") this.load(effect.isPlain);
    else if (effect.do === "wait") this.lossTimer = window.setTimeout(() => this.input(OVERDUE), effect.ms);
    else if (effect.do === "destroy") this.destroy();
    else if (effect.do === "draw") this.stage?.draw();
    else if (effect.do === "mark") this.mark();
    else if (effect.do === "look") this.stage?.look(effect.view);
    else if (effect.do === "fly") this.go(effect.view);
    else if (effect.do === "follow") this.follow(effect.id);
    else if (effect.do === "fit") this.showAll(effect.isInstant);
    else if (effect.do === "report") this.listener.onRest(effect.view);
    else if (effect.do === "pick") this.listener.onPick(effect.id);
    else if (effect.do === "hold") this.hold(effect.id);
    else if (effect.do === "focus") this.listener.onFocus(this.shape(effect.key));
  }

  private load(isPlain: boolean): void {
    clearTimeout(this.lossTimer);
    this.drop();
    this.listener.onLoad(isPlain);
  }

  private destroy(): void {
    for (const timer of [this.settleTimer, this.restTimer, this.lossTimer]) {
      clearTimeout(timer);
    }
    this.drop();
  }

  private drop(): void {
    this.stage?.destroy();
    this.stage = null;
  }

  private settle(): void {
    clearTimeout(this.settleTimer);
    this.settleTimer = 0;
    const settled = this.layout.settle(this.scene);
    this.extent = settled.cells.size + settled.systems.size > 0 ? null : this.extent;
    this.drawing?.settle(settled);
    if (settled.put.length + settled.removed.length > 0) {
      this.forget();
    }
    this.input({ type: "grow", count: this.layout.shapes.size });
    this.noteDrawn();
  }

  /** Let go of what is no longer there, and mark what is there as it is now. */
  private forget(): void {
    const { hovered, focused, selected } = this.machine.attention;
    if (hovered !== null && !this.shape(hovered)) {
      this.input({ type: "hover", key: null });
    }
    if (focused !== null && !this.shape(focused)) {
      this.input({ type: "focus", key: null });
    }
    if (hovered !== null || focused !== null || selected !== null) {
      this.mark();
    }
  }

  /** Leave a mark for whatever measures the page: from here on there is something to see and to touch. */
  private noteDrawn(): void {
    if (!this.isMarked && this.drawing && this.layout.shapes.size > 0) {
      this.isMarked = true;
      this.drawing.draw();
      performance.mark("livingmap:drawn");
    }
  }

  private showAll(isInstant: boolean): void {
    const view = wholeView(this.layout, this.figures, this.size);
    if (isInstant) {
      this.stage?.look(view);
    } else {
      this.go(view);
    }
  }

  private follow(id: string): void {
    const view = this.stage && closeView(this.layout, this.figures, id, this.stage.looking, this.size);
    if (view) {
      this.go(view);
    }
  }

  private go(view: View): void {
    if (this.isStill) {
      this.stage?.look(view);
    } else {
      this.stage?.fly(view);
    }
  }

  steer(change: (view: View) => View): void {
    if (this.drawing) {
      this.extent ??= extentOf(this.layout);
      this.input({ type: "steer", view: kept(change(this.drawing.looking), this.extent, this.size) });
    }
  }

  private moved(): void {
    clearTimeout(this.restTimer);
    if (this.hasNear) this.listener.onNear([]);
    this.hasNear = false;
    this.restTimer = window.setTimeout(() => {
      if (this.drawing) {
        this.input({ type: "rest", view: this.drawing.looking });
        this.near(this.drawing);
      }
    }, REST_MS);
  }

  private near({ looking, places }: Stage): void {
    const near = nearIn(places.within(seen(looking, this.size), this.figures), looking, this.size, this.registry);
    this.hasNear = near.length > 0;
    if (this.hasNear) this.listener.onNear(near);
  }

  private mark(): void {
    const rings = this.held ? [[this.held.id], ...this.held.rings] : [];
    this.drawing?.mark(markedIn(this.layout, this.figures, this.machine.attention, this.registry, rings));
  }

  /** Let all dim but a thing and what depends on it. */
  private hold(id: string | null): void {
    this.held = id === null ? null : { id, rings: dependentsOf([id], this.scene, this.registry) };
    this.listener.onHold(this.held);
    this.mark();
  }

  private shape(key: string | null): Shape | null {
    return (key === null ? undefined : this.layout.shapes.get(key)) ?? null;
  }
}
