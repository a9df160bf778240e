/** How each kind of thing is drawn: from what is known of it to spots of the atlas. */

import type { Json } from "../../client/scene.ts";
import { HUES } from "../city.ts";
import { hash } from "../geometry.ts";
import type { Shape } from "../kinds.ts";
import { mix, type Palette } from "../palette.ts";
import { loadsOf, MARKS, type Tone, toneOf, toneOfLoad } from "../status.ts";
import type { Frame } from "./atlas.ts";
import type { Spot } from "./crowd.ts";

const BARS = [-5.8, 0, 5.8];
const BAR = { wide: 4, high: 16, foot: 10.6 };

/** Return what a shape is drawn with; `hue` is the number of its quarter's colour, `alert` the gravest one there. */
export function dress(shape: Shape, palette: Palette, hue: number, alert: Tone | null): Spot[] {
  switch (shape.kind) {
    case "agent":
      return agent(shape, palette);
    case "node":
      return node(shape, palette, alert);
    case "orbit":
      return satellite(shape, palette, alert);
    case "microdao":
      return emblem(shape, palette, hue, alert);
    case "room":
      return room(shape, palette);
    case "channel":
      return lamp(shape, palette);
    case "dao":
      return planet(shape, palette);
    case "proposal":
      return moon(shape, palette);
  }
}

function agent({ x, y, size, kind, item }: Shape, palette: Palette): Spot[] {
  const tone = toneOf(kind, item);
  const wide = tone === "off" ? size * 1.3 : tone === "busy" ? size * 2.1 : size * 1.7;
  const alpha = tone === "off" ? 0.75 : 1;
  const mark: Spot = { frame: MARKS[tone], x, y, wide, tint: palette.tones[tone], alpha };
  return item.is_orchestrator === true
    ? [mark, { frame: "hollow", x, y, wide: size * 2.9, tint: palette.accent, alpha: 0.6 }]
    : [mark];
}

function node({ x, y, size, kind, item }: Shape, palette: Palette, alert: Tone | null): Spot[] {
  const tone = toneOf(kind, item);
  const shadow: Spot = {
    frame: "shade",
    x: x + 2,
    y: y + 5,
    wide: 34,
    high: 34,
    tint: 0x000000,
    alpha: palette.night ? 0.3 : 0.09,
  };
  const body: Spot = { frame: "tower", x, y, wide: size * 1.75, high: size * 1.9, tint: tower(palette) };
  const mark: Spot = { frame: MARKS[tone], x: x - 6.2, y: y - 9, wide: 6.2, tint: palette.tones[tone] };
  const badge: Spot[] = alert
    ? [{ frame: "alert", x: x + 10.5, y: y - 12.5, wide: 11, tint: palette.tones[alert] }]
    : [];
  return [shadow, body, ...bars(x, y, loadsOf(item) ?? [0, 0, 0], palette), mark, ...badge];
}

function bars(x: number, y: number, loads: readonly number[], palette: Palette): Spot[] {
  return loads.map((load, at) => {
    const high = Math.max(0.6, BAR.high * load);
    const tint =
      load < 0.75 ? mix(palette.tones.good, palette.tones.busy, at / 3) : palette.tones[toneOfLoad(load)];
    return { frame: "slab", x: x + (BARS[at] ?? 0), y: y + BAR.foot - high / 2, wide: BAR.wide, high, tint };
  });
}

function tower(palette: Palette): number {
  return palette.night ? 0x8a9ccb : 0x5b678f;
}

function satellite({ x, y, size, item }: Shape, palette: Palette, alert: Tone | null): Spot[] {
  const tone = toneOf("node", item);
  const frame: Frame = tone === "good" ? "satellite" : MARKS[tone];
  const turn = tone === "good" ? (hash(item.id) % 628) / 100 : 0;
  const body: Spot = { frame, x, y, wide: size * 1.9, tint: palette.tones[tone], turn };
  return alert ? [body, { frame: "alert", x: x + 7, y: y - 7, wide: 8, tint: palette.tones[alert] }] : [body];
}

function emblem(shape: Shape, palette: Palette, hue: number, alert: Tone | null): Spot[] {
  const { x, y, size, kind, item } = shape;
  const tone = toneOf(kind, item);
  const tint = palette.hues[hue % HUES] ?? palette.accent;
  const badge: Spot[] = alert
    ? [{ frame: "alert", x: x + size * 0.86, y: y - size * 0.8, wide: 14, tint: palette.tones[alert] }]
    : [];
  return [
    { frame: "shade", x, y: y + 3, wide: size * 3, tint: 0x000000, alpha: palette.night ? 0.3 : 0.07 },
    { frame: "emblem", x, y, wide: size * 2, tint: palette.night ? mix(tint, 0x0a1124, 0.72) : 0xffffff },
    { frame: "emblem", x, y, wide: size * 1.62, tint },
    { frame: "emblem", x, y, wide: size * 1.3, tint: palette.night ? mix(tint, 0x0a1124, 0.78) : 0xffffff },
    { frame: MARKS[tone], x, y, wide: size * 0.66, tint: tone === "good" ? tint : palette.tones[tone] },
    ...badge,
  ];
}

const ROOM_HUES: ReadonlyMap<string, number> = new Map<string, number>([
  ["district", 7],
  ["public", 1],
  ["social", 8],
  ["science", 6],
  ["builders", 0],
  ["energy", 3],
]);

function room({ x, y, size, item }: Shape, palette: Palette): Spot[] {
  const type = typeof item.room_type === "string" ? item.room_type : "";
  const tint = palette.hues[ROOM_HUES.get(type) ?? hash(type) % HUES] ?? palette.accent;
  const present = Math.min(1, number(item.members_online) / 8);
  const ground = palette.night ? mix(tint, palette.block, 0.62) : mix(tint, 0xffffff, 0.55);
  return [
    {
      frame: "glow",
      x,
      y,
      wide: size * 4.4,
      tint: palette.night ? tint : mix(tint, 0xffffff, 0.3),
      alpha: 0.12 + 0.4 * present,
    },
    { frame: "plaza", x, y, wide: size * 2, tint: ground },
    {
      frame: "fountain",
      x,
      y,
      wide: size * 0.86,
      tint: palette.night ? mix(tint, 0xffffff, 0.35) : mix(tint, 0x000000, 0.1),
    },
  ];
}

function lamp({ x, y, size, item }: Shape, palette: Palette): Spot[] {
  const lively = Math.min(1, Math.log2(1 + number(item.messages_1h)) / 6);
  const lit = number(item.messages_24h) > 0 || lively > 0;
  const tint = lit ? palette.lamp : palette.tones.off;
  const light: Spot = {
    frame: "glow",
    x,
    y,
    wide: size * (3.4 + 4 * lively),
    tint: palette.lamp,
    alpha: lit ? 0.3 + 0.5 * lively : 0,
  };
  return [light, { frame: "lamp", x, y, wide: size * 1.7, tint }];
}

function planet({ x, y, size, kind, item }: Shape, palette: Palette): Spot[] {
  const tint = palette.hues[hash(item.id) % HUES] ?? palette.accent;
  const body = palette.night ? mix(tint, 0xffffff, 0.12) : mix(tint, 0xffffff, 0.3);
  const tone = toneOf(kind, item);
  const active = Math.min(1, number(item.activity));
  const badge: Spot = {
    frame: MARKS[tone],
    x: x + size * 0.72,
    y: y - size * 0.72,
    wide: 15,
    tint: palette.tones[tone],
  };
  const plate: Spot = { ...badge, frame: "disc", wide: 24, tint: palette.night ? 0x0b1230 : 0xffffff };
  return [
    {
      frame: "glow",
      x,
      y,
      wide: size * (3 + 1.6 * active),
      tint,
      alpha: palette.night ? 0.25 + 0.35 * active : 0.3,
    },
    { frame: "planet", x, y, wide: size * 2, tint: body },
    {
      frame: "belt",
      x,
      y,
      wide: size * 2.5,
      tint: mix(body, 0xffffff, 0.4),
      alpha: hash(`${item.id}/belt`) % 3 === 0 ? 0.8 : 0,
    },
    ...(tone === "good" ? [] : [plate, badge]),
  ];
}

const MOONS: ReadonlyMap<string, Frame> = new Map<string, Frame>([
  ["passed", "passed"],
  ["executed", "passed"],
  ["rejected", "rejected"],
  ["draft", "draft"],
]);

function moon({ x, y, size, kind, item }: Shape, palette: Palette): Spot[] {
  const status = typeof item.status === "string" ? item.status : "";
  const active = status === "active";
  const tint = active ? palette.lamp : palette.tones[toneOf(kind, item)];
  const body: Spot = {
    frame: MOONS.get(status) ?? "moon",
    x,
    y,
    wide: size * (active ? 2.1 : 1.7),
    tint,
    alpha: active ? 1 : 0.85,
  };
  return active ? [{ frame: "glow", x, y, wide: size * 5, tint, alpha: 0.6 }, body] : [body];
}

function number(value: Json | undefined): number {
  return typeof value === "number" && value > 0 ? value : 0;
}
