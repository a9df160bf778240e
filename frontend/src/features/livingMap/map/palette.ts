/** The colours of the map by night and by day. */

import type { Paints } from "../domain/figure.ts";

export type Palette = Paints & {
  readonly sky: readonly number[];
  readonly glow: number;
  readonly star: number;
  readonly sea: readonly number[];
  readonly shoals: readonly [number, number];
  readonly meadow: number;
  readonly street: number;
  readonly park: number;
  readonly trees: readonly number[];
  readonly river: number;
  readonly bank: number;
  /** How much of a quarter's hue its blocks take on. */
  readonly wash: number;
  readonly roof: number;
  readonly window: number;
  readonly tower: number;
  readonly orbit: number;
  readonly text: number;
  readonly faint: number;
  readonly halo: number;
  readonly arc: number;
  /** What is not the present. */
  readonly past: number;
};

const NIGHT: Palette = {
  night: true,
  sky: [0x060a1a, 0x0b1230, 0x1a1f4b, 0x3c3468, 0x7a4f7c],
  glow: 0xf5a870,
  star: 0xdfe7ff,
  sea: [0x35406f, 0x1b2a52, 0x12203f, 0x0e1930],
  shoals: [0x15274a, 0x1a3157],
  meadow: 0x1f3d47,
  street: 0x1a2642,
  park: 0x23504b,
  trees: [0x2f6a59, 0x38795f, 0x29604f],
  river: 0x1a3157,
  bank: 0x274a54,
  block: 0x2d3a5c,
  wash: 0.2,
  hues: [0xff8f7a, 0xf6b35b, 0xe3d56b, 0x9fd67a, 0x5fd3b3, 0x5cc3e6, 0x7f9cff, 0xb58cf2, 0xf08bc0],
  roof: 0x4a5a82,
  window: 0xffd98a,
  tower: 0x16203a,
  lamp: 0xffcf70,
  orbit: 0x8ea2e8,
  text: 0xf1f4ff,
  faint: 0xa9b5d6,
  halo: 0x0a1124,
  accent: 0xfff3cf,
  arc: 0xffd98a,
  past: 0xcdb6ff,
  tones: { good: 0x55e0b4, busy: 0x78bdff, warn: 0xffb547, bad: 0xff6f61, off: 0x7e8aab, idle: 0xc3cce4 },
};

const DAY: Palette = {
  night: false,
  sky: [0x86b4dd, 0x9cc6e8, 0xb4d7ef, 0xd6e7ee, 0xfbe6cf],
  glow: 0xffc995,
  star: 0xffffff,
  sea: [0xdfe9ea, 0xc2dde8, 0xaed2e2, 0xa3cadd],
  shoals: [0xb9dae6, 0xcbe5ea],
  meadow: 0xdbe5c2,
  street: 0xf0e6d4,
  park: 0xc3daa8,
  trees: [0x8db874, 0x9bc283, 0x7fad69],
  river: 0xcbe5ea,
  bank: 0xe9e0c4,
  block: 0xfffaf0,
  wash: 0.3,
  hues: [0xe8654c, 0xe0932b, 0xc7ae1e, 0x72ad42, 0x21a585, 0x2a97c4, 0x5b79e0, 0x9661d8, 0xd5579a],
  roof: 0xffffff,
  window: 0xf3c56b,
  tower: 0x3a4366,
  lamp: 0xe79a1f,
  orbit: 0x6f83c4,
  text: 0x232b49,
  faint: 0x5a6486,
  halo: 0xfffdf6,
  accent: 0x232b49,
  arc: 0xb4532a,
  past: 0x6b42c8,
  tones: { good: 0x0d8a68, busy: 0x2a6bd0, warn: 0xc47a00, bad: 0xcc392e, off: 0x858da6, idle: 0x66708a },
};

export const PALETTES: Readonly<Record<"dark" | "light", Palette>> = { dark: NIGHT, light: DAY };
