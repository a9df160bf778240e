/** The map apart from React: it holds layout and stage together and turns what hands do into moves of the map. */

import type { LayerName, PulseFeed, Scene, SourceBrief, MapView as View } from "../client/scene.ts";
import { Attention } from "./attention.ts";
import { fitted, kept, pan, type Size, same, seen, toMap, zoomAt } from "./camera.ts";
import { kindsOf, strengths } from "./freshness.ts";
import type { Box, Point } from "./geometry.ts";
import type { Moves } from "./gestures.ts";
import { type Hands, keyed } from "./keys.ts";
import { KINDS, type Kind, type Shape } from "./kinds.ts";
import { namedAt } from "./labels.ts";
import { Layout } from "./layout.ts";
import type { Stage } from "./paint/stage.ts";
import type { Palette } from "./palette.ts";
import { HORIZON, nearest, SPACING } from "./terrain.ts";
import { nextStop } from "./tour.ts";

/** What is told of the map to those around it. */
export type Listener = {
  select(id: string | null): void;
  rest(view: View): void;
  hover(shape: Shape | null, at: Point): void;
  focus(shape: Shape | null): void;
};

const SETTLE_EVERY_MS = 180;
const REST_MS = 220;
const NEAR = 1.9;
const NAMED: ReadonlySet<Kind> = new Set<Kind>(KINDS);
const SLACK = { mouse: 5, touch: 16 } as const;

export class Place {
  readonly layout = new Layout();
  private stage: Stage | null = null;
  private readonly listener: Listener;
  private size: Size = { width: 1, height: 1 };
  private kinds: ReadonlySet<Kind> = new Set(KINDS);
  private city = true;
  private scene: Scene = {};
  private settling = 0;
  private resting = 0;
  private told: View | null = null;
  private asked: View | null = null;
  private touched = false;
  /** Whether the map moved by itself, to show everything: nobody has to be told of that. */
  private quiet = true;
  /** How many shapes there were when all was shown last. */
  private fitted = 0;
  private readonly attention = new Attention(this.layout);
  private still = false;
  private seen = false;
  /** After Escape the next Tab leads out of the map. */
  private leaving = false;
  private whole: Box | null = null;

  constructor(listener: Listener) {
    this.listener = listener;
  }

  raise(stage: Stage, palette: Palette): void {
    this.stage = stage;
    stage.listen(() => this.moved());
    stage.settle(this.everything());
    stage.show(this.kinds, this.city);
    stage.repaint(palette);
    this.start();
    this.mark();
    this.tell();
  }

  destroy(): void {
    clearTimeout(this.settling);
    clearTimeout(this.resting);
    this.stage?.destroy();
    this.stage = null;
  }

  resize(size: Size, resolution: number): void {
    this.size = size;
    this.stage?.resize(size, resolution);
    if (!this.touched && !this.asked) {
      this.fit(true);
    }
  }

  /** Take a scene; many of them in a short while cost as much as the last one. */
  update(scene: Scene): void {
    const first = this.layout.shapes.size === 0;
    this.scene = scene;
    if (first) {
      this.settle();
    } else if (!this.settling) {
      this.settling = window.setTimeout(() => this.settle(), SETTLE_EVERY_MS);
    }
  }

  show(layers: ReadonlySet<LayerName>): void {
    this.kinds = kindsOf(layers);
    this.city = layers.has("city");
    this.stage?.show(this.kinds, this.city);
    this.mark();
  }

  trust(sources: readonly SourceBrief[]): void {
    this.stage?.fade(strengths(sources));
  }

  repaint(palette: Palette): void {
    this.stage?.repaint(palette);
  }

  calm(still: boolean): void {
    this.still = still;
  }

  select(id: string | null): void {
    this.attention.selected = id;
    this.mark();
  }

  /** Look where the page says, unless it only repeats what it was told. */
  look(view: View | null): void {
    const known = view && this.told && same(view, this.told);
    this.asked = view;
    if (view && !known) {
      this.touched = true;
      this.go(view);
    }
  }

  listen(pulses: PulseFeed): () => void {
    return pulses.subscribe((events) => {
      if (!this.still && this.stage && document.visibilityState === "visible") {
        this.stage.pulse(events.flatMap(({ id }) => this.layout.all(id)));
      }
    });
  }

  flyTo(id: string): void {
    const shape = this.layout.all(id).find((one) => this.kinds.has(one.kind)) ?? this.layout.find(id);
    if (shape && this.stage) {
      this.touched = true;
      const wide = shape.kind === "microdao" || shape.kind === "dao" ? NEAR * 0.5 : NEAR;
      this.go({ x: shape.x, y: shape.y, zoom: Math.max(this.stage.looking.zoom, wide) });
    }
  }

  /** Show all of what is shown; of its own accord the map does so quietly. */
  fit(instant = false, quiet = instant): void {
    const box = this.bounds();
    this.fitted = this.layout.shapes.size;
    this.touched = false;
    const view = fitted(box, this.size);
    if (instant) {
      this.stage?.look(view);
    } else {
      this.go(view);
    }
    this.quiet = quiet;
  }

  zoomBy(factor: number): void {
    this.moves.zoom({ x: this.size.width / 2, y: this.size.height / 2 }, factor);
  }

  readonly moves: Moves = {
    pan: (dx, dy) => this.move((view) => pan(view, dx, dy)),
    zoom: (at, factor) => this.move((view) => zoomAt(view, this.size, at, factor)),
    tap: (at, touch) => this.tap(at, touch ? SLACK.touch : SLACK.mouse),
    hover: (at) => this.hover(at),
    key: (key, shift) => keyed(key, shift, this.hands),
  };

  private readonly hands: Hands = {
    pan: (dx, dy) => this.moves.pan(dx, dy),
    zoom: (factor) => this.zoomBy(factor),
    fit: () => this.fit(),
    step: (back) => this.step(back),
    enter: () => this.enter(),
    leave: () => this.leave(),
  };

  private settle(): void {
    clearTimeout(this.settling);
    this.settling = 0;
    const settled = this.layout.settle(this.scene);
    this.whole = settled.cells.size + settled.systems.size > 0 ? null : this.whole;
    this.stage?.settle(settled);
    if (settled.put.length + settled.gone.length > 0 && this.attention.refresh()) {
      this.mark();
    }
    if (!this.touched && !this.asked && this.layout.shapes.size > this.fitted * 2) {
      this.fit(this.fitted === 0, true);
    }
    this.tell();
  }

  /** Leave a mark for who measures the page: from here on there is something to see and to touch. */
  private tell(): void {
    if (!this.seen && this.stage && this.layout.shapes.size > 0) {
      this.seen = true;
      this.stage.draw();
      performance.mark("livingmap:drawn");
    }
  }

  private start(): void {
    if (this.asked) {
      this.stage?.look(this.asked);
    } else {
      this.fit(true);
    }
  }

  private everything() {
    const cells = new Set(this.layout.city.owners.keys());
    const systems = new Set(this.layout.sky.systems.keys());
    return { put: [...this.layout.shapes.values()], gone: [], cells, systems };
  }

  /** Return the box of what is shown; where nothing is, the middle of the city. */
  private bounds(): Box {
    const middle = SPACING * 3;
    return this.layout.bounds(this.kinds) ?? { left: -middle, top: -middle, right: middle, bottom: middle };
  }

  private limits(): Box {
    this.whole ??= this.layout.bounds(NAMED);
    return this.whole ?? { left: -1000, top: HORIZON - 600, right: 1000, bottom: 1000 };
  }

  private go(view: View): void {
    this.quiet = false;
    if (this.still) {
      this.stage?.look(view);
    } else {
      this.stage?.fly(view);
    }
  }

  private move(change: (view: View) => View): void {
    if (this.stage) {
      this.touched = true;
      this.quiet = false;
      this.stage.look(kept(change(this.stage.looking), this.limits()));
    }
  }

  private moved(): void {
    clearTimeout(this.resting);
    this.resting = window.setTimeout(() => {
      if (this.stage && !this.quiet) {
        this.told = this.stage.looking;
        this.listener.rest(this.told);
      }
    }, REST_MS);
  }

  private at(at: Point, slack: number): Shape | undefined {
    if (!this.stage) {
      return undefined;
    }
    const view = this.stage.looking;
    return this.stage.places.at(toMap(view, this.size, at), slack / view.zoom, this.kinds);
  }

  /** Return the microDAO on whose ground a point of the screen lies. */
  private groundAt(at: Point): Shape | undefined {
    const owner = this.stage && this.layout.city.owners.get(nearest(toMap(this.stage.looking, this.size, at)));
    const shape = owner ? this.layout.shapes.get(owner) : undefined;
    return shape && this.kinds.has(shape.kind) ? shape : undefined;
  }

  private tap(at: Point, slack: number): void {
    this.listener.select((this.at(at, slack) ?? this.groundAt(at))?.id ?? null);
  }

  private hover(at: Point | null): void {
    const touched = at ? this.at(at, SLACK.mouse) : undefined;
    const shape = touched ?? (at ? this.groundAt(at) : undefined) ?? null;
    if (shape?.key !== this.attention.hovered?.key) {
      this.attention.hovered = shape;
      this.mark();
    }
    this.listener.hover(touched ?? null, at ?? { x: 0, y: 0 });
  }

  private step(back: boolean): boolean {
    if (!this.stage || this.leaving) {
      this.leaving = false;
      return false;
    }
    const view = this.stage.looking;
    const shapes = this.stage.places.within(seen(view, this.size), namedAt(view.zoom, this.kinds));
    this.focus(nextStop(shapes, this.attention.focused, back));
    return this.attention.focused !== null;
  }

  private enter(): boolean {
    if (this.attention.focused) {
      this.listener.select(this.attention.focused.id);
    }
    return this.attention.focused !== null;
  }

  private leave(): boolean {
    const held = this.attention.focused !== null || this.attention.selected !== null;
    this.leaving = true;
    this.focus(null);
    if (this.attention.selected !== null) {
      this.listener.select(null);
    }
    return held;
  }

  /** Let go of the keyboard's focus. */
  blur(): void {
    this.leaving = false;
    this.focus(null);
  }

  private focus(shape: Shape | null): void {
    if (shape?.key !== this.attention.focused?.key) {
      this.attention.focused = shape;
      this.listener.focus(shape);
      this.mark();
    }
  }

  private mark(): void {
    this.stage?.mark(this.attention.marked(this.kinds));
  }
}
