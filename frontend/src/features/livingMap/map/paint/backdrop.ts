/** Sea below the horizon and sky above it: they reach as far as the view. */

import { Container, Rectangle, Sprite, Texture, TilingSprite } from "pixi.js";
import { dice } from "../../domain/chance.ts";
import { css } from "../../domain/colour.ts";
import { type Size, toScreen, type View } from "../camera.ts";
import type { Palette } from "../palette.ts";
import { HORIZON } from "../terrain.ts";
import type { Atlas } from "./atlas.ts";

const SKY = 1700;
const SEA = 1500;
const TILE = 512;

export class Backdrop {
  /** Lies under the ground. */
  readonly below = new Container();
  /** Lies over the ground: no shallow water reaches over the horizon. */
  readonly above = new Container();
  private readonly sky = new Sprite();
  private readonly sea = new Sprite();
  private readonly deep = new Sprite(Texture.WHITE);
  private readonly high = new Sprite(Texture.WHITE);
  private readonly line = new Sprite(Texture.WHITE);
  /** The light of the sun that is about to rise, over the horizon and on the water. */
  private readonly glows: readonly [Sprite, Sprite];
  private readonly stars: TilingSprite;

  constructor(atlas: Atlas) {
    this.glows = [new Sprite(half(atlas, 0)), new Sprite(half(atlas, 1))];
    this.glows[0].anchor.set(0.5, 1);
    this.glows[1].anchor.set(0.5, 0);
    this.stars = new TilingSprite({ texture: starry(), width: 1, height: 1 });
    this.below.addChild(this.deep, this.sea, this.glows[1]);
    this.above.addChild(this.high, this.sky, this.stars, this.glows[0], this.line);
  }

  paint(palette: Palette): void {
    for (const [sprite, colours] of [
      [this.sky, palette.sky],
      [this.sea, palette.sea],
    ] as const) {
      sprite.texture.destroy(true);
      sprite.texture = gradient(colours);
    }
    this.high.tint = palette.sky[0] ?? 0;
    this.deep.tint = palette.sea.at(-1) ?? 0;
    this.glows.forEach((glow, at) => {
      glow.tint = palette.glow;
      glow.alpha = (palette.night ? 0.5 : 0.75) * (at === 0 ? 1 : 0.6);
    });
    this.line.tint = palette.glow;
    this.line.alpha = palette.night ? 0.55 : 0.8;
    this.stars.tint = palette.star;
    this.stars.alpha = palette.night ? 0.9 : 0;
  }

  look(view: View, size: Size): void {
    const { zoom } = view;
    const { x: middle, y: horizon } = toScreen(view, size, { x: 0, y: HORIZON });
    spread(this.sky, 0, horizon - SKY * zoom, size.width, SKY * zoom);
    spread(this.high, 0, 0, size.width, Math.max(0, horizon - SKY * zoom + 1));
    spread(this.sea, 0, horizon, size.width, SEA * zoom);
    spread(
      this.deep,
      0,
      horizon + SEA * zoom - 1,
      size.width,
      Math.max(0, size.height - horizon - SEA * zoom + 1),
    );
    spread(this.line, 0, horizon - 0.75, size.width, 1.5);
    for (const glow of this.glows) {
      glow.position.set(middle, horizon);
      glow.setSize(Math.max(size.width * 1.4, 3600 * zoom), Math.min(480 * zoom, size.height / 2));
    }
    this.stars.width = size.width;
    this.stars.height = Math.max(0, Math.min(size.height, horizon - 60 * zoom));
    this.stars.visible = this.stars.height > 0;
    this.stars.tilePosition.set(-view.x * zoom * 0.12, -view.y * zoom * 0.12);
  }

  destroy(): void {
    this.sky.texture.destroy(true);
    this.sea.texture.destroy(true);
    this.stars.texture.destroy(true);
  }
}

/** The upper or the lower half of a round glow. */
function half(atlas: Atlas, part: 0 | 1): Texture {
  const { source, frame } = atlas.texture("glow");
  const high = frame.height / 2;
  return new Texture({ source, frame: new Rectangle(frame.x, frame.y + part * high, frame.width, high) });
}

function spread(sprite: Sprite, x: number, y: number, width: number, height: number): void {
  sprite.position.set(x, y);
  sprite.setSize(width, height);
}

/** A strip of colours from top to bottom. Filled by the pixel: a texture that is stretched shows every step otherwise. */
function gradient(colours: readonly number[]): Texture {
  const canvas = document.createElement("canvas");
  canvas.width = 1;
  canvas.height = 512;
  const pen = canvas.getContext("2d");
  if (pen) {
    const fill = pen.createLinearGradient(0, 0, 0, canvas.height);
    colours.forEach((colour, at) => {
      fill.addColorStop(at / (colours.length - 1), css(colour));
    });
    pen.fillStyle = fill;
    pen.fillRect(0, 0, 1, canvas.height);
  }
  return Texture.from(canvas, true);
}

function starry(): Texture {
  const canvas = document.createElement("canvas");
  canvas.width = TILE;
  canvas.height = TILE;
  const pen = canvas.getContext("2d");
  const chance = dice(7);
  if (pen) {
    for (let star = 0; star < 150; star += 1) {
      const bright = chance() ** 3;
      pen.fillStyle = css(0xffffff, 0.25 + 0.75 * bright);
      pen.beginPath();
      pen.arc(chance() * TILE, chance() * TILE, 0.4 + 0.9 * bright, 0, 2 * Math.PI);
      pen.fill();
    }
  }
  return Texture.from(canvas, true);
}
