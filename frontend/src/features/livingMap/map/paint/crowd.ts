/** Many small things of the atlas, drawn in few strokes: sorted into squares of ground, of which those in sight are drawn. */

import { Container, Particle, ParticleContainer, Rectangle, Sprite } from "pixi.js";
import type { Frame, Spot } from "../../domain/figure.ts";
import { type Box, overlaps } from "../geometry.ts";
import { type Atlas, INK } from "./atlas.ts";

const SQUARE = 1800;
/** How far a drawing may reach out of the square in which its middle lies. */
const OVERHANG = 260;

/** Particles cost least; without WebGL, Pixi draws only sprites correctly. */
export type Means = "particles" | "sprites";
type Figure = Particle | Sprite;

const STILL = { position: false, vertex: false, rotation: false, uvs: false, color: false };

type Patch = {
  readonly view: Container;
  readonly box: Box;
  readonly things: Map<string, Figure[]>;
  regroup: boolean;
  stale: boolean;
};

export class Crowd {
  readonly view = new Container();
  private readonly atlas: Atlas;
  private readonly means: Means;
  private readonly patches = new Map<string, Patch>();
  private readonly homes = new Map<string, Patch>();

  constructor(atlas: Atlas, means: Means) {
    this.atlas = atlas;
    this.means = means;
  }

  /** Redraw a thing from all of its spots; the first one decides in which square it lies. */
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
      if (shown && (patch.regroup || patch.stale)) {
        regroup(patch);
      }
    }
  }

  private draw(patch: Patch, key: string, spots: readonly Spot[]): void {
    const existing = patch.things.get(key);
    if (existing?.length === spots.length) {
      spots.forEach((spot, at) => {
        const particle = existing[at];
        if (particle) {
          this.dress(particle, spot);
        }
      });
      patch.stale = true;
      return;
    }
    const figures = spots.map((spot) => this.dress(this.figure(spot.frame), spot));
    patch.things.set(key, figures);
    patch.regroup = true;
    this.homes.set(key, patch);
  }

  private figure(frame: Frame): Figure {
    const texture = this.atlas.texture(frame);
    return this.means === "particles"
      ? new Particle({ texture, anchorX: 0.5, anchorY: 0.5 })
      : new Sprite({ texture, anchor: 0.5 });
  }

  private dress(figure: Figure, spot: Spot): Figure {
    const texture = this.atlas.texture(spot.frame);
    const wide = spot.wide / INK / texture.width;
    const high = (spot.high ?? spot.wide) / INK / texture.height;
    figure.texture = texture;
    figure.x = spot.x;
    figure.y = spot.y;
    if (figure instanceof Sprite) {
      figure.scale.set(wide, high);
    } else {
      figure.scaleX = wide;
      figure.scaleY = high;
    }
    figure.rotation = spot.turn ?? 0;
    figure.tint = spot.tint;
    figure.alpha = spot.alpha ?? 1;
    return figure;
  }

  private patchAt(x: number, y: number): Patch {
    const column = Math.floor(x / SQUARE);
    const row = Math.floor(y / SQUARE);
    const name = `${column}/${row}`;
    const existing = this.patches.get(name);
    if (existing) {
      return existing;
    }
    const made = this.patch(column * SQUARE, row * SQUARE);
    this.patches.set(name, made);
    this.view.addChild(made.view);
    return made;
  }

  private patch(left: number, top: number): Patch {
    const [x, y, reach] = [left - OVERHANG, top - OVERHANG, SQUARE + 2 * OVERHANG];
    const boundsArea = new Rectangle(x, y, reach, reach);
    const view =
      this.means === "particles"
        ? new ParticleContainer({ texture: this.atlas.texture("disc"), boundsArea, dynamicProperties: STILL })
        : new Container({ boundsArea });
    view.visible = false;
    const box = { left: x, top: y, right: x + reach, bottom: y + reach };
    return { view, box, things: new Map(), regroup: false, stale: false };
  }
}

function regroup(patch: Patch): void {
  const { view, things } = patch;
  if (view instanceof ParticleContainer) {
    if (patch.regroup) {
      view.particleChildren = [...things.values()].flat().filter((one) => one instanceof Particle);
    }
    view.update();
  } else if (patch.regroup) {
    view.removeChildren();
    view.addChild(...[...things.values()].flat().filter((one) => one instanceof Sprite));
  }
  patch.regroup = false;
  patch.stale = false;
}
