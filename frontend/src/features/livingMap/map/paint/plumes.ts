/** Draws the smoke: in points of the screen, so that it is seen from however far. */

import { Container, Sprite } from "pixi.js";
import { mix } from "../../domain/colour.ts";
import type { Size, View } from "../camera.ts";
import type { Palette } from "../palette.ts";
import { footOf, type Plume, puffsOf, RISE, toneOfAge } from "../smoke.ts";
import { type Atlas, INK } from "./atlas.ts";

const NARROWEST = 7;
const WIDER = 3.4;

export class Plumes {
  readonly view = new Container();
  private readonly atlas: Atlas;
  private readonly sprites: Sprite[] = [];
  private used = 0;

  constructor(atlas: Atlas) {
    this.atlas = atlas;
  }

  draw(plumes: readonly Plume[], view: View, size: Size, palette: Palette, now: number): void {
    this.used = 0;
    // those in the back first
    for (const plume of [...plumes].sort((one, other) => one.y - other.y)) {
      this.plume(plume, view, size, palette, now);
    }
    this.sprites.forEach((sprite, at) => {
      sprite.visible = at < this.used;
    });
  }

  private plume(plume: Plume, view: View, size: Size, palette: Palette, now: number): void {
    const foot = footOf(plume, view, size);
    const { y } = foot;
    if (foot.x < -60 || foot.x > size.width + 60 || y < -20 || y > size.height + 120) return;
    const fire = palette.tones[toneOfAge(plume, now)];
    const ash = palette.night ? 0xaab2c8 : 0x4a4f63;
    const count = puffsOf(plume);
    this.puff("glow", foot.x, y, 34, fire, 0.9);
    for (let at = count - 1; at >= 0; at -= 1) {
      const share = at / count;
      const right = at ** 1.5 * 1.5;
      this.puff(
        "disc",
        foot.x + right,
        y - at * RISE,
        NARROWEST + at * WIDER,
        mix(fire, ash, share * 0.75),
        0.9 - share * 0.55,
      );
    }
  }

  private puff(frame: "glow" | "disc", x: number, y: number, wide: number, tint: number, alpha: number): void {
    const texture = this.atlas.texture(frame);
    let sprite = this.sprites[this.used];
    if (!sprite) {
      sprite = new Sprite({ texture, anchor: 0.5 });
      this.sprites.push(sprite);
      this.view.addChild(sprite);
    }
    this.used += 1;
    sprite.texture = texture;
    sprite.position.set(x, y);
    sprite.scale.set(wide / INK / texture.width);
    sprite.tint = tint;
    sprite.alpha = alpha;
  }
}
