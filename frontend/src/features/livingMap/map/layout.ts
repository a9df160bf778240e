/** Where everything of a scene stands. Kept from scene to scene: nothing that stays ever moves. */

import type { Item, Scene } from "../client/scene.ts";
import { City, type Trade } from "./city.ts";
import { around, type Box, type Point } from "./geometry.ts";
import {
  age,
  byAge,
  CIVIC,
  COMMONS,
  collection,
  compared,
  count,
  girth,
  homeOf,
  type Kind,
  NODES,
  orbitsOf,
  type Shape,
  SIZES,
  type Source,
  SPECS,
  type Spec,
  TRADES,
  text,
} from "./kinds.ts";
import { Sky, type System } from "./sky.ts";
import { cell, SPACING } from "./terrain.ts";

export type Settled = {
  /** New, or with another item than before; what was there keeps its place unless its home has changed. */
  readonly put: readonly Shape[];
  readonly gone: readonly Shape[];
  readonly cells: ReadonlySet<number>;
  readonly systems: ReadonlySet<string>;
};

export class Layout {
  readonly shapes = new Map<string, Shape>();
  readonly city = new City();
  readonly sky = new Sky();
  /** Where each part of the city began, by its name. */
  private readonly parts = new Map<string, Point>();
  private scene: Scene = {};
  private put: Shape[] = [];
  private gone: Shape[] = [];

  constructor() {
    this.city.reserve(this.city.found(CIVIC, { homes: 0, works: 0, lamps: 0, place: 12 }), 9);
  }

  /** Bring the map to `scene`: what is new gets a place, what is gone frees its own, all else stays where it is. */
  settle(scene: Scene): Settled {
    const before = this.scene;
    this.scene = scene;
    this.put = [];
    this.gone = [];
    const fresh: Item[][] = SPECS.map((spec) => this.compare(spec, before, scene));
    this.found(fresh);
    SPECS.forEach((spec, index) => {
      for (const item of fresh[index] ?? []) {
        this.place(spec.kind, item);
      }
    });
    this.orbit(before, scene);
    this.finish();
    return { put: this.put, gone: this.gone, cells: this.city.surveyed(), systems: this.sky.observed() };
  }

  /** Return the box around all shapes of some kinds, or null if there is none. */
  bounds(kinds: ReadonlySet<Kind>): Box | null {
    const boxes: Box[] = [];
    for (const { kind, x, y, size, home } of this.shapes.values()) {
      if (kinds.has(kind)) {
        const room = kind === "dao" ? (this.sky.systems.get(home)?.room ?? size) : Math.max(size, SPACING / 2);
        boxes.push({ left: x - room, top: y - room, right: x + room, bottom: y + room });
      }
    }
    return around(boxes);
  }

  /** Return where something stands, the building before the satellite. */
  find(id: string): Shape | undefined {
    return this.shapes.get(id) ?? this.orbitOf(id);
  }

  /** Return every shape of an id. */
  all(id: string): Shape[] {
    return [this.shapes.get(id), this.orbitOf(id)].filter((one) => one !== undefined);
  }

  private orbitOf(id: string): Shape | undefined {
    return this.shapes.get(`orbit/${id}`);
  }

  /** Refresh what has changed, take away what is gone or has moved house, and return what needs a place. */
  private compare(spec: Spec, before: Scene, scene: Scene): Item[] {
    const now = spec.sources.map((source) => collection(scene, source));
    const old = spec.sources.map((source) => collection(before, source));
    if (now.every((one, index) => one === old[index])) {
      return [];
    }
    const homeless: Item[] = [];
    now.forEach((items, rank) => {
      for (const item of items.values()) {
        if (old[rank]?.get(item.id) !== item && now.findIndex((one) => one.has(item.id)) === rank) {
          this.renew(spec, item, homeless);
        }
      }
    });
    old.forEach((items, rank) => {
      for (const id of items.keys()) {
        if (!now[rank]?.has(id)) {
          const left = now.find((one) => one.has(id))?.get(id);
          left ? this.renew(spec, left, homeless) : this.remove(id);
        }
      }
    });
    return homeless.sort(byAge);
  }

  private renew(spec: Spec, item: Item, homeless: Item[]): void {
    const known = this.shapes.get(item.id);
    if (known && known.home === homeOf(spec.kind, item)) {
      this.keep({ ...known, item });
    } else {
      this.remove(item.id);
      homeless.push(item);
    }
  }

  private keep(shape: Shape): void {
    this.shapes.set(shape.key, shape);
    this.put.push(shape);
  }

  private remove(key: string): void {
    const shape = this.shapes.get(key);
    if (!shape) {
      return;
    }
    this.shapes.delete(key);
    this.gone.push(shape);
    const quarter = this.city.quarters.get(shape.home);
    const system = this.sky.systems.get(shape.home);
    if (quarter) {
      this.city.leave(quarter, key);
    }
    if (system) {
      this.sky.leave(system, key);
    }
  }

  /** Found the quarters that the newcomers need, the oldest microDAO first, as cities grow. */
  private found(fresh: readonly Item[][]): void {
    const founders = collection(this.scene, ["city", "items"]);
    const rank = (home: string) => (home === CIVIC ? "" : home === COMMONS ? "~~" : age(founders.get(home)));
    const order = [...this.moving(fresh)].sort(([one], [other]) => {
      return compared(rank(one), rank(other)) || compared(one, other);
    });
    for (const [home, things] of order) {
      this.build(home, things, text(founders.get(home)?.district));
    }
  }

  /** Return who moves into each quarter that is not there yet. */
  private moving(fresh: readonly Item[][]): Map<string, [Trade, string][]> {
    const homes = new Map<string, [Trade, string][]>();
    SPECS.forEach(({ kind }, index) => {
      const trade = TRADES[kind];
      for (const item of trade || kind === "microdao" ? (fresh[index] ?? []) : []) {
        const home = homeOf(kind, item);
        if (!this.city.quarters.has(home)) {
          const things = homes.get(home) ?? [];
          homes.set(home, things);
          if (trade) {
            things.push([trade, item.id]);
          }
        }
      }
    });
    return homes;
  }

  /** Found one quarter, near others of its part of the city; its things settle at once and claim their ground. */
  private build(home: string, things: readonly [Trade, string][], part: string): void {
    const need: Record<Trade, number> = { homes: 0, works: 0, lamps: 0, place: 0 };
    for (const [trade] of things) {
      need[trade] += 1;
    }
    const quarter = this.city.found(home, need, this.parts.get(part));
    for (const [trade, id] of things) {
      this.city.settle(quarter, trade, id);
    }
    this.city.reserve(quarter);
    if (part && !this.parts.has(part)) {
      this.parts.set(part, cell(quarter.heart).site);
    }
  }

  private place(kind: Kind, item: Item): void {
    const home = homeOf(kind, item);
    const base = { key: item.id, id: item.id, kind, home, item, size: SIZES[kind] };
    const trade = TRADES[kind];
    const quarter = this.city.quarters.get(home);
    if (kind === "dao" || kind === "proposal") {
      const system = this.systemFor(home);
      const at = kind === "dao" ? system : this.sky.settle(system, "moons", item.id);
      this.keep({ ...base, x: at.x, y: at.y, size: kind === "dao" ? girth(item) : base.size });
    } else if (quarter) {
      const at = trade ? this.city.settle(quarter, trade, item.id) : cell(quarter.heart).centre;
      this.keep({ ...base, x: at.x, y: at.y });
    }
  }

  private systemFor(id: string): System {
    const known = this.sky.systems.get(id);
    if (known) {
      return known;
    }
    const planet = collection(this.scene, ["space", "planets"]).get(id);
    const own = planet ?? collection(this.scene, ["dao", "items"]).get(id);
    const below = this.city.quarters.get(text(own?.microdao_id));
    return this.sky.found(
      id,
      count(own?.total_proposals) || 6,
      orbitsOf(planet).length,
      below ? cell(below.heart).site.x : 0,
    );
  }

  /** Put nodes into the orbits that the planets name. */
  private orbit(before: Scene, scene: Scene): void {
    const watched: readonly Source[] = [["space", "planets"], ...NODES];
    if (watched.every((one) => collection(before, one) === collection(scene, one))) {
      return;
    }
    const seen = new Set<string>();
    const loads = collection(scene, ["space", "nodes"]);
    const nodes = collection(scene, ["nodes", "items"]);
    for (const planet of collection(scene, ["space", "planets"]).values()) {
      for (const id of orbitsOf(planet)) {
        const key = `orbit/${id}`;
        if (!seen.has(key)) {
          seen.add(key);
          this.launch(key, id, planet.id, nodes.get(id) ?? loads.get(id) ?? { id });
        }
      }
    }
    for (const shape of [...this.shapes.values()]) {
      if (shape.kind === "orbit" && !seen.has(shape.key)) {
        this.remove(shape.key);
      }
    }
  }

  private launch(key: string, id: string, home: string, item: Item): void {
    const known = this.shapes.get(key);
    if (known?.home === home) {
      if (known.item !== item) {
        this.keep({ ...known, item });
      }
      return;
    }
    this.remove(key);
    const at = this.sky.settle(this.systemFor(home), "orbits", key);
    this.keep({ key, id, kind: "orbit", home, item, size: SIZES.orbit, x: at.x, y: at.y });
  }

  /** Give up quarters and systems in which nothing is left. */
  private finish(): void {
    for (const { home } of this.gone) {
      const quarter = this.city.quarters.get(home);
      if (quarter && home !== CIVIC && quarter.taken.size === 0 && !this.shapes.has(home)) {
        this.city.raze(quarter);
      }
      const system = this.sky.systems.get(home);
      if (system && system.taken.size === 0 && !this.shapes.has(home)) {
        this.sky.drop(system);
      }
    }
  }
}
