/** Where everything of a scene stands. Kept from scene to scene: nothing that stays ever moves. */

import type { Item, Scene } from "../client/scene.ts";
import { CIVIC, type Figure, type Lot, type Shape } from "../domain/figure.ts";
import { amount, idsIn, text } from "../domain/json.ts";
import type { CollectionPath } from "../domain/kind.ts";
import { collection, collectionsOf, FIGURES, kindOf, kindOfFigure } from "../domain/registry.ts";
import { City } from "./city.ts";
import { around, type Box, type Point } from "./geometry.ts";
import { byAge, homeOf, itemOf, sizeOf } from "./homes.ts";
import { type Newcomers, newcomersIn } from "./newcomers.ts";
import { Sky, type System } from "./sky.ts";
import { cell, SPACING } from "./terrain.ts";

/** The figures that items stand as, in the order in which they get their places. Satellites stand by orbits instead. */
const STANDING = FIGURES.filter(({ stands }) => stands.on !== "orbit");
const SATELLITE = FIGURES.find(({ stands }) => stands.on === "orbit");
const PLANETS = collectionsOf(kindOf("dao"));
const NODES = collectionsOf(kindOf("node"));
const MOST_MOONS = 500;
const FEW_MOONS = 6;

export type Settled = {
  /** New, or with another item than before; what was there keeps its place unless its home has changed. */
  readonly put: readonly Shape[];
  readonly removed: readonly Shape[];
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
  private removed: Shape[] = [];

  constructor() {
    this.city.reserve(this.city.establish(CIVIC, { homes: 0, works: 0, lamps: 0, place: 12 }), 9);
  }

  /** Bring the map to `scene`: what is new gets a place, what is no longer there frees its own, all else stays where it is. */
  settle(scene: Scene): Settled {
    const before = this.scene;
    this.scene = scene;
    this.put = [];
    this.removed = [];
    const fresh: Item[][] = STANDING.map((figure) => this.compare(figure, before, scene));
    for (const newcomers of newcomersIn(STANDING, fresh, scene, this.city.quarters)) {
      this.build(newcomers);
    }
    STANDING.forEach((figure, index) => {
      for (const item of fresh[index] ?? []) {
        this.place(figure, item);
      }
    });
    this.orbit(before, scene);
    this.finish();
    return { put: this.put, removed: this.removed, cells: this.city.surveyed(), systems: this.sky.observed() };
  }

  /** Return everything, as if all of it had just settled. */
  everything(): Settled {
    const cells = new Set(this.city.owners.keys());
    return { put: [...this.shapes.values()], removed: [], cells, systems: new Set(this.sky.systems.keys()) };
  }

  /** Return the box around all shapes of some figures; null if there are none. */
  bounds(figures: ReadonlySet<Figure>): Box | null {
    const boxes: Box[] = [];
    for (const { figure, x, y, size, home } of this.shapes.values()) {
      if (figures.has(figure)) {
        const room =
          figure.stands.on === "planet" ? (this.sky.systems.get(home)?.room ?? size) : Math.max(size, SPACING / 2);
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

  /** Refresh what has changed, remove what has left or moved house, and return what needs a place. */
  private compare(figure: Figure, before: Scene, scene: Scene): Item[] {
    const paths = collectionsOf(kindOfFigure(figure));
    const now = paths.map((path) => collection(scene, path));
    const old = paths.map((path) => collection(before, path));
    if (now.every((one, index) => one === old[index])) {
      return [];
    }
    const homeless: Item[] = [];
    now.forEach((items, rank) => {
      for (const item of items.values()) {
        if (old[rank]?.get(item.id) !== item && now.findIndex((one) => one.has(item.id)) === rank) {
          this.renew(figure, item, homeless);
        }
      }
    });
    old.forEach((items, rank) => {
      for (const id of items.keys()) {
        if (!now[rank]?.has(id)) {
          const left = now.find((one) => one.has(id))?.get(id);
          left ? this.renew(figure, left, homeless) : this.remove(id);
        }
      }
    });
    return homeless.sort(byAge);
  }

  private renew(figure: Figure, item: Item, homeless: Item[]): void {
    const shape = this.shapes.get(item.id);
    if (shape && shape.home === homeOf(figure, item)) {
      this.keep({ ...shape, item });
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
    this.removed.push(shape);
    const quarter = this.city.quarters.get(shape.home);
    const system = this.sky.systems.get(shape.home);
    if (quarter) {
      this.city.leave(quarter, key);
    }
    if (system) {
      this.sky.leave(system, key);
    }
  }

  /** Establish a quarter, near others of its part of the city; its things settle at once and claim their ground. */
  private build({ home, things, part }: Newcomers): void {
    const need: Record<Lot, number> = { homes: 0, works: 0, lamps: 0, place: 0 };
    for (const [lot] of things) {
      need[lot] += 1;
    }
    const quarter = this.city.establish(home, need, this.parts.get(part));
    for (const [lot, id] of things) {
      this.city.settle(quarter, lot, id);
    }
    this.city.reserve(quarter);
    if (part && !this.parts.has(part)) {
      this.parts.set(part, cell(quarter.heart).site);
    }
  }

  private place(figure: Figure, item: Item): void {
    const home = homeOf(figure, item);
    const size = sizeOf(figure, item);
    const at = this.spotFor(figure, item.id, home);
    if (at) {
      this.keep({ key: item.id, id: item.id, figure, home, item, size, x: at.x, y: at.y });
    }
  }

  private spotFor({ stands }: Figure, id: string, home: string): Point | undefined {
    const quarter = this.city.quarters.get(home);
    switch (stands.on) {
      case "planet":
        return this.systemFor(home);
      case "moon":
        return this.sky.settle(this.systemFor(home), "moons", id);
      case "lot":
        return quarter && this.city.settle(quarter, stands.lot, id);
      case "heart":
        return quarter && cell(quarter.heart).centre;
      case "orbit":
        return undefined;
    }
  }

  private systemFor(id: string): System {
    const existing = this.sky.systems.get(id);
    if (existing) {
      return existing;
    }
    const planet = PLANETS.map((path) => collection(this.scene, path).get(id)).find((one) => one !== undefined);
    const below = this.city.quarters.get(text(planet?.microdao_id));
    const moons = Math.min(amount(planet?.total_proposals), MOST_MOONS) || FEW_MOONS;
    return this.sky.establish(id, moons, idsIn(planet?.orbits).length, below ? cell(below.heart).site.x : 0);
  }

  /** Put nodes into the orbits that the planets name. */
  private orbit(before: Scene, scene: Scene): void {
    const watched: readonly CollectionPath[] = [...PLANETS, ...NODES];
    if (!SATELLITE || watched.every((one) => collection(before, one) === collection(scene, one))) {
      return;
    }
    const orbiting = new Set<string>();
    const planets = PLANETS[0] ? collection(scene, PLANETS[0]).values() : [];
    for (const planet of planets) {
      for (const id of idsIn(planet.orbits)) {
        const key = `orbit/${id}`;
        if (!orbiting.has(key)) {
          orbiting.add(key);
          this.launch(SATELLITE, key, planet.id, itemOf(scene, [kindOf("node")], id) ?? { id });
        }
      }
    }
    for (const shape of [...this.shapes.values()]) {
      if (shape.figure === SATELLITE && !orbiting.has(shape.key)) {
        this.remove(shape.key);
      }
    }
  }

  private launch(figure: Figure, key: string, home: string, item: Item): void {
    const shape = this.shapes.get(key);
    if (shape?.home === home) {
      if (shape.item !== item) {
        this.keep({ ...shape, item });
      }
      return;
    }
    this.remove(key);
    const at = this.sky.settle(this.systemFor(home), "orbits", key);
    const size = sizeOf(figure, item);
    this.keep({ key, id: item.id, figure, home, item, size, x: at.x, y: at.y });
  }

  /** Give up quarters and systems in which nothing is left. */
  private finish(): void {
    for (const { home } of this.removed) {
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
