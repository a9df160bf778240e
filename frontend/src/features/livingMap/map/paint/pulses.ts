/** Rings that spread where something has just happened. */

import { Container, Sprite } from "pixi.js";
import type { Shape } from "../../domain/figure.ts";
import { type Atlas, INK } from "./atlas.ts";

/** More at a time would only flicker. */
const MOST = 36;
const LIFE_MS = 1100;
const LEAST_PIXELS = 9;

type Pulse = { readonly sprite: Sprite; readonly size: number; readonly begun: number };

export class Pulses {
  /** A group of its own: what comes and goes here leaves the order of all else as it is. */
  readonly view = new Container({ isRenderGroup: true });
  private readonly atlas: Atlas;
  private readonly live = new Map<string, Pulse>();

  constructor(atlas: Atlas) {
    this.atlas = atlas;
  }

  get room(): number {
    return MOST - this.live.size;
  }

  get alive(): boolean {
    return this.live.size > 0;
  }

  start(shape: Shape, tint: number, now: number): void {
    if (this.live.has(shape.key) || this.live.size >= MOST) {
      return;
    }
    const texture = this.atlas.texture(shape.figure.glows ? "glow" : "pulse");
    const sprite = new Sprite({ texture, anchor: 0.5, x: shape.x, y: shape.y, tint, alpha: 0 });
    this.live.set(shape.key, { sprite, size: shape.size, begun: now });
    this.view.addChild(sprite);
  }

  /** Move on to `now`. */
  step(now: number, zoom: number): void {
    for (const [key, { sprite, size, begun }] of this.live) {
      const share = (now - begun) / LIFE_MS;
      if (share >= 1) {
        this.live.delete(key);
        sprite.destroy();
        continue;
      }
      const reach = Math.max(size * (1 + 1.4 * (1 - (1 - share) ** 3)), (LEAST_PIXELS * (0.5 + share)) / zoom);
      sprite.scale.set((2 * reach) / INK / sprite.texture.width);
      sprite.alpha = Math.max(0, Math.min(1, share * 8) * (1 - share) ** 1.5);
    }
  }
}
