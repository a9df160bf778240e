/** How much of a machine is in use. */

import type { Item, Json } from "../client/scene.ts";
import { numberIn } from "./json.ts";
import type { Tone } from "./tones.ts";

const HIGH = 0.75;
const FULL = 0.9;

export type Loads = { readonly cpu: number; readonly gpu: number; readonly memory: number };

/** Return the shares that are in use, each from 0 to 1; null for what reports none. */
export function loadsOf(item: Item): Loads | null {
  const from = item.metrics ?? item;
  const [cpu, gpu] = [numberIn(from, "cpu"), numberIn(from, "gpu")];
  const memory = numberIn(from, "ram") ?? numberIn(from, "memory");
  if (cpu === undefined && gpu === undefined && memory === undefined) return null;
  return { cpu: share(cpu), gpu: share(gpu), memory: share(memory) };
}

/** Return the highest of the loads; undefined for what reports none. */
export function loadOf(item: Item): number | undefined {
  const loads = loadsOf(item);
  return loads ? Math.max(loads.cpu, loads.gpu, loads.memory) : undefined;
}

export function toneOfLoad(load: number): Tone {
  return load >= FULL ? "bad" : load >= HIGH ? "warn" : "good";
}

/** Whether a machine is so full that it is listed among the problems. */
export function isOverloaded(load: number): boolean {
  return load >= FULL;
}

/** Return a measured load as a share; events measure in percent, too. */
export function shareOf(value: Json | undefined): number | undefined {
  return typeof value === "number" ? (value > 1 ? value / 100 : value) : undefined;
}

function share(value: number | undefined): number {
  return Math.max(0, Math.min(1, value ?? 0));
}
