/** Rings that spread where something has just happened. */

import { Particle, ParticleContainer, Rectangle } from "pixi.js";
import type { Shape } from "../kinds.ts";
import type { Atlas } from "./atlas.ts";
import { INK } from "./atlas.ts";

/** More at a time only make a flicker of which nobody sees anything. */
const MOST = 36;
const LIFE_MS = 1100;
const LEAST_PIXELS = 9;

type Pulse = { readonly particle: Particle; readonly size: number; begun: number };

export class Pulses {
  readonly view: ParticleContainer;
  private readonly atlas: Atlas;
  private readonly live = new Map<string, Pulse>();

  constructor(atlas: Atlas) {
    this.atlas = atlas;
    this.view = new ParticleContainer({
      texture: atlas.texture("pulse"),
      boundsArea: new Rectangle(-1e6, -1e6, 2e6, 2e6),
      dynamicProperties: { position: true, vertex: true, color: true, rotation: false, uvs: false },
    });
  }

  get room(): number {
    return MOST - this.live.size;
  }

  get alive(): boolean {
    return this.live.size > 0;
  }

  start(shape: Shape, tint: number, now: number): void {
    const known = this.live.get(shape.key);
    if (known || this.live.size >= MOST) {
      return;
    }
    const texture = this.atlas.texture(shape.kind === "channel" ? "glow" : "pulse");
    const particle = new Particle({ texture, anchorX: 0.5, anchorY: 0.5, x: shape.x, y: shape.y, tint, alpha: 0 });
    this.live.set(shape.key, { particle, size: shape.size, begun: now });
    this.regroup();
  }

  /** Move on to `now`. */
  step(now: number, zoom: number): void {
    let ended = false;
    for (const [key, { particle, size, begun }] of this.live) {
      const share = (now - begun) / LIFE_MS;
      if (share >= 1) {
        this.live.delete(key);
        ended = true;
        continue;
      }
      const reach = Math.max(size * (1 + 1.4 * (1 - (1 - share) ** 3)), (LEAST_PIXELS * (0.5 + share)) / zoom);
      const scale = (2 * reach) / INK / particle.texture.width;
      particle.scaleX = scale;
      particle.scaleY = scale;
      particle.alpha = Math.min(1, share * 8) * (1 - share) ** 1.5;
    }
    if (ended) {
      this.regroup();
    }
  }

  private regroup(): void {
    this.view.particleChildren = [...this.live.values()].map((one) => one.particle);
    this.view.update();
  }
}
