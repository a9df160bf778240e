/** Where everything of a scene stands. Kept from scene to scene: nothing that stays ever moves. */

import type { Item, Scene } from "../client/scene.ts";
import { CIVIC, type Figure, layerOfDistrict, type Shape } from "../domain/figure.ts";
import { districtFigure } from "../domain/figures.ts";
import { homeOf, itemOf } from "../domain/homes.ts";
import type { CollectionPath, Kind } from "../domain/kind.ts";
import { collection, Registry } from "../domain/registry.ts";
import { City } from "./city.ts";
import { differenceOf } from "./difference.ts";
import { around, type Box, type Point } from "./geometry.ts";
import { AGELESS, byAge, foundedAt, hasGround, isPlanet, lotOf, sizeOf } from "./homes.ts";
import { byFounding, newcomersIn } from "./newcomers.ts";
import { satellitesOf, watchedBy } from "./orbits.ts";
import { Sky } from "./sky.ts";
import { cell, SPACING } from "./terrain.ts";

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
  /** The homes of which nobody has said how old they are: they make way for those that are older. */
  private readonly ageless = new Set<string>();
  private registry: Registry;
  private scene: Scene = {};
  /** Whether everything has to be looked at again: what things are has changed. */
  private isRenamed = false;
  /** The kinds of what is in orbits. */
  private orbiting: ReadonlySet<Kind> = new Set();
  /** The keys of what is in orbits. */
  private satellites: ReadonlySet<string> = new Set();
  /** Whether everything has to be put into its orbit again. */
  private isAstir = false;
  private put: Shape[] = [];
  private removed: Shape[] = [];

  constructor(registry = new Registry()) {
    this.registry = registry;
    this.city.establish(CIVIC);
  }

  /** Take another registry: with the next scene things are drawn by it, and what stays where it is does not move. */
  adopt(registry: Registry): void {
    this.registry = registry;
    this.isRenamed = true;
  }

  /** Bring the map to `scene`: what is new gets a place, what is no longer there frees its own, all else stays where it is. */
  settle(scene: Scene): Settled {
    const before = this.isRenamed ? {} : this.scene;
    this.scene = scene;
    this.put = [];
    this.removed = [];
    if (this.isRenamed) this.clear();
    const standing = this.registry.figures.filter(({ type, stands }) => type !== null && stands.on !== "orbit");
    const fresh = new Map(standing.map((figure) => [figure, this.compare(figure, before, scene)] as const));
    this.found(fresh);
    for (const [figure, items] of fresh) {
      for (const item of items.sort(byAge)) {
        this.place(figure, item);
      }
    }
    this.orbit(before, scene);
    this.finish();
    this.name();
    this.isRenamed = false;
    return { put: this.put, removed: this.removed, cells: this.city.surveyed(), systems: this.sky.observed() };
  }

  /** Return everything, as if all of it had just settled. */
  everything(): Settled {
    const cells = new Set(this.city.owners.keys());
    return { put: [...this.shapes.values()], removed: [], cells, systems: new Set(this.sky.systems.keys()) };
  }

  /** Return the box around all shapes, or those of some figures; null if there are none. */
  bounds(figures: ReadonlySet<Figure> | null): Box | null {
    const boxes: Box[] = [];
    for (const { figure, x, y, size, home } of this.shapes.values()) {
      if (!figures || figures.has(figure)) {
        const room =
          figure.stands.on === "planet" ? (this.sky.systems.get(home)?.room ?? size) : Math.max(size, SPACING / 2);
        boxes.push({ left: x - room, top: y - room, right: x + room, bottom: y + room });
      }
    }
    const isCityShown = !figures || hasGround(figures, this.registry);
    for (const key of isCityShown && boxes.length > 0 ? this.city.owners.keys() : []) {
      const { x, y } = cell(key).site;
      boxes.push({ left: x - SPACING, top: y - SPACING, right: x + SPACING, bottom: y + SPACING });
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

  /** Remove what stands on the map by no figure of the registry. */
  private clear(): void {
    const figures = new Set(this.registry.figures);
    for (const { key, id, figure } of [...this.shapes.values()]) {
      const again = this.registry.kindOfId(id).figures.some(({ stands }) => stands.on === figure.stands.on);
      const isGone = figure.type !== null && !itemOf(this.scene, [this.registry.kindOfId(id)], id);
      if (isGone || (!figures.has(figure) && !again)) this.remove(key);
    }
  }

  /** Refresh what has changed, remove what has left or moved house, and return what needs a place. */
  private compare(figure: Figure, before: Scene, scene: Scene): Item[] {
    const kind = this.registry.kindOfFigure(figure);
    if (!kind) {
      return [];
    }
    const { put, gone } = differenceOf(kind, before, scene, (id) => this.registry.kindOfId(id) === kind);
    const homeless: Item[] = [];
    for (const item of put) {
      this.renew(figure, kind, item, homeless);
    }
    for (const id of gone) {
      this.remove(id);
    }
    return homeless;
  }

  private renew(figure: Figure, kind: Kind, item: Item, homeless: Item[]): void {
    const shape = this.shapes.get(item.id);
    if (!shape || shape.home !== homeOf(kind, item, this.registry, this.scene)) {
      this.remove(item.id);
      homeless.push(item);
    } else if (shape.figure === figure) {
      this.keep({ ...shape, item });
    } else {
      this.removed.push(shape);
      this.keep({ ...shape, item, figure });
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

  /** Found the quarters and planets of new things, the oldest first. */
  private found(fresh: ReadonlyMap<Figure, Item[]>): void {
    const { registry, scene } = this;
    const homes = new Map<string, unknown>([...this.city.quarters, ...this.sky.systems]);
    const newcomers = newcomersIn(fresh, registry, scene, homes);
    for (const realm of [this.city.quarters, this.sky.systems]) {
      const unsure = [...this.ageless].filter((home) => realm.has(home));
      const isSky = realm === this.sky.systems;
      const isElder = newcomers.some(({ home, age }) => age !== AGELESS && isPlanet(home, registry) === isSky);
      if (isElder || unsure.some((home) => foundedAt(home, registry, scene) !== AGELESS)) {
        const strangers = isSky ? [] : this.city.besides(unsure);
        for (const home of [...unsure, ...strangers]) {
          this.vacate(home, fresh);
          newcomers.push({ home, age: foundedAt(home, registry, scene) });
        }
      }
    }
    for (const { home, age } of newcomers.sort(byFounding)) {
      if (age === AGELESS && layerOfDistrict(home) === undefined) this.ageless.add(home);
      this.establish(home);
    }
  }

  private establish(home: string): void {
    if (isPlanet(home, this.registry)) {
      this.sky.establish(home);
      return;
    }
    const seat = this.registry.layers.findIndex(({ name }) => name === layerOfDistrict(home));
    this.city.establish(home, seat < 0 ? undefined : seat);
  }

  /** Give up a home, and let all that is there look for a place again. */
  private vacate(home: string, fresh: ReadonlyMap<Figure, Item[]>): void {
    for (const shape of [...this.shapes.values()].filter((one) => one.home === home)) {
      this.remove(shape.key);
      if (shape.figure.stands.on === "orbit") this.isAstir = true;
      else fresh.get(shape.figure)?.push(shape.item);
    }
    this.abandon(home);
  }

  private abandon(home: string): void {
    const quarter = this.city.quarters.get(home);
    const system = this.sky.systems.get(home);
    if (quarter) this.city.raze(quarter);
    if (system) this.sky.drop(system);
    this.ageless.delete(home);
  }

  private place(figure: Figure, item: Item): void {
    const kind = this.registry.kindOfFigure(figure);
    const home = kind ? homeOf(kind, item, this.registry, this.scene) : "";
    const size = sizeOf(figure, item);
    const at = this.spotFor(figure, item.id, home);
    if (at) {
      this.keep({ key: item.id, id: item.id, figure, home, item, size, x: at.x, y: at.y });
    }
  }

  private spotFor(figure: Figure, id: string, home: string): Point | undefined {
    const quarter = this.city.quarters.get(home);
    switch (figure.stands.on) {
      case "planet":
        return this.sky.establish(home);
      case "lot": {
        if (isPlanet(home, this.registry)) return this.sky.settle(this.sky.establish(home), "moons", id);
        const lot = lotOf(figure, home, this.registry);
        return quarter && lot && this.city.settle(quarter, lot, id);
      }
      case "heart":
        return quarter && cell(quarter.heart).centre;
      case "orbit":
        return undefined;
    }
  }

  /** Put into orbits what the planets name. */
  private orbit(before: Scene, scene: Scene): void {
    const isSame = (one: CollectionPath) => collection(before, one) === collection(scene, one);
    if (!this.isAstir && watchedBy(this.registry, this.orbiting).every(isSame)) {
      return;
    }
    this.isAstir = false;
    const orbiting = satellitesOf(scene, this.registry);
    this.orbiting = new Set([...orbiting.values()].map(({ id }) => this.registry.kindOfId(id)));
    for (const [key, { figure, home, id }] of orbiting) {
      this.launch(figure, key, home, itemOf(scene, [this.registry.kindOfId(id)], id) ?? { id });
    }
    for (const key of this.satellites) {
      if (!orbiting.has(key)) this.remove(key);
    }
    this.satellites = new Set(orbiting.keys());
  }

  private launch(figure: Figure, key: string, home: string, item: Item): void {
    const shape = this.shapes.get(key);
    if (shape?.home === home && shape.figure === figure) {
      if (shape.item !== item) {
        this.keep({ ...shape, item });
      }
      return;
    }
    this.remove(key);
    const at = this.sky.settle(this.sky.establish(home), "orbits", key);
    const size = sizeOf(figure, item);
    this.keep({ key, id: item.id, figure, home, item, size, x: at.x, y: at.y });
  }

  /** Give up quarters and systems in which nothing is left. */
  private finish(): void {
    for (const { home } of [...this.removed]) {
      const quarter = this.city.quarters.get(home);
      const isFounded = this.shapes.has(home) && layerOfDistrict(home) === undefined;
      if (quarter && home !== CIVIC && quarter.taken.size === 0 && !isFounded) {
        this.abandon(home);
        this.remove(home);
      }
      const system = this.sky.systems.get(home);
      if (system && system.taken.size === 0 && !this.shapes.has(home)) {
        this.abandon(home);
      }
    }
  }

  /** Let each layer's district bear its title. */
  private name(): void {
    for (const { name, title } of this.registry.layers) {
      const figure = districtFigure(name);
      const quarter = this.city.quarters.get(figure.name);
      const shape = this.shapes.get(figure.name);
      if (!quarter || shape?.item.name === title) continue;
      const { x, y } = cell(quarter.heart).centre;
      const item = { id: figure.name, name: title };
      this.keep({ key: item.id, id: item.id, figure, home: item.id, item, size: sizeOf(figure, item), x, y });
    }
  }
}
