/** Many small things of the atlas, drawn in few strokes: sorted into squares of ground, of which those in sight are drawn. */

import { Container, Particle, ParticleContainer, Rectangle } from "pixi.js";
import { type Box, overlaps } from "../geometry.ts";
import { type Atlas, type Frame, INK } from "./atlas.ts";

/** One drawing: where, how large its ink is, and in which colour. */
export type Spot = {
  readonly frame: Frame;
  readonly x: number;
  readonly y: number;
  readonly wide: number;
  readonly high?: number;
  readonly tint: number;
  readonly alpha?: number;
  readonly turn?: number;
};

const SQUARE = 900;
/** How far a drawing may reach out of the square in which its middle lies. */
const OVERHANG = 260;

type Patch = {
  readonly view: ParticleContainer;
  readonly box: Box;
  readonly things: Map<string, Particle[]>;
  regroup: boolean;
  stale: boolean;
};

export class Crowd {
  readonly view = new Container();
  private readonly atlas: Atlas;
  private readonly patches = new Map<string, Patch>();
  private readonly homes = new Map<string, Patch>();

  constructor(atlas: Atlas) {
    this.atlas = atlas;
  }

  /** Draw a thing anew, by all of its spots; the first one says in which square it lies. */
  put(key: string, spots: readonly Spot[]): void {
    const first = spots[0];
    const patch = first && this.patchAt(first.x, first.y);
    const home = this.homes.get(key);
    if (!patch || home !== patch) {
      this.drop(key);
    }
    if (patch) {
      this.draw(patch, key, spots);
    }
  }

  drop(key: string): void {
    const patch = this.homes.get(key);
    if (patch) {
      patch.things.delete(key);
      patch.regroup = true;
      this.homes.delete(key);
    }
  }

  clear(): void {
    for (const key of [...this.homes.keys()]) {
      this.drop(key);
    }
  }

  /** Bring what lies in sight up to date; the rest waits until it comes into sight. */
  flush(sight: Box): void {
    if (!this.view.visible) {
      return;
    }
    for (const patch of this.patches.values()) {
      const shown = patch.things.size > 0 && overlaps(patch.box, sight);
      if (patch.view.visible !== shown) {
        patch.view.visible = shown;
      }
      if (shown && patch.regroup) {
        patch.view.particleChildren = [...patch.things.values()].flat();
      }
      if (shown && (patch.regroup || patch.stale)) {
        patch.view.update();
        patch.regroup = false;
        patch.stale = false;
      }
    }
  }

  private draw(patch: Patch, key: string, spots: readonly Spot[]): void {
    const known = patch.things.get(key);
    if (known?.length === spots.length) {
      spots.forEach((spot, at) => {
        const particle = known[at];
        if (particle) {
          this.dress(particle, spot);
        }
      });
      patch.stale = true;
      return;
    }
    const particles = spots.map((spot) => this.dress(new Particle(this.atlas.texture(spot.frame)), spot));
    patch.things.set(key, particles);
    patch.regroup = true;
    this.homes.set(key, patch);
  }

  private dress(particle: Particle, spot: Spot): Particle {
    const texture = this.atlas.texture(spot.frame);
    particle.texture = texture;
    particle.anchorX = 0.5;
    particle.anchorY = 0.5;
    particle.x = spot.x;
    particle.y = spot.y;
    particle.scaleX = spot.wide / INK / texture.width;
    particle.scaleY = (spot.high ?? spot.wide) / INK / texture.height;
    particle.rotation = spot.turn ?? 0;
    particle.tint = spot.tint;
    particle.alpha = spot.alpha ?? 1;
    return particle;
  }

  private patchAt(x: number, y: number): Patch {
    const column = Math.floor(x / SQUARE);
    const row = Math.floor(y / SQUARE);
    const name = `${column}/${row}`;
    const known = this.patches.get(name);
    if (known) {
      return known;
    }
    const made = this.patch(column * SQUARE, row * SQUARE);
    this.patches.set(name, made);
    this.view.addChild(made.view);
    return made;
  }

  private patch(left: number, top: number): Patch {
    const [x, y, reach] = [left - OVERHANG, top - OVERHANG, SQUARE + 2 * OVERHANG];
    const view = new ParticleContainer({
      texture: this.atlas.texture("disc"),
      boundsArea: new Rectangle(x, y, reach, reach),
      dynamicProperties: { position: false, vertex: false, rotation: false, uvs: false, color: false },
    });
    view.visible = false;
    const box = { left: x, top: y, right: x + reach, bottom: y + reach };
    return { view, box, things: new Map(), regroup: false, stale: false };
  }
}
