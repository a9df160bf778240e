/** What a status looks like: a tone and, for eyes that tell colours apart otherwise, a shape of its own. */

import type { Item, Json } from "../client/scene.ts";
import type { Kind } from "./kinds.ts";

export type Tone = "good" | "busy" | "warn" | "bad" | "off" | "idle";
export type Mark = "disc" | "target" | "triangle" | "cross" | "hollow" | "square";

export const MARKS: Readonly<Record<Tone, Mark>> = {
  good: "disc",
  busy: "target",
  warn: "triangle",
  bad: "cross",
  off: "hollow",
  idle: "square",
};

const WORDS: ReadonlyMap<string, Tone> = new Map<string, Tone>([
  ["active", "good"],
  ["online", "good"],
  ["healthy", "good"],
  ["good", "good"],
  ["green", "good"],
  ["ok", "good"],
  ["passed", "good"],
  ["executed", "good"],
  ["busy", "busy"],
  ["degraded", "warn"],
  ["warn", "warn"],
  ["warning", "warn"],
  ["yellow", "warn"],
  ["critical", "bad"],
  ["error", "bad"],
  ["red", "bad"],
  ["failed", "bad"],
  ["rejected", "bad"],
  ["down", "bad"],
  ["offline", "off"],
  ["inactive", "off"],
  ["deleted", "off"],
  ["draft", "idle"],
]);

/** Return the tone of what an item says of its own health; a status that nobody knows is `idle`. */
export function toneOf(kind: Kind, item: Item): Tone {
  const said = kind === "dao" ? (item.health ?? item.status) : item.status;
  const tone = typeof said === "string" ? (WORDS.get(said.toLowerCase()) ?? "idle") : "idle";
  return kind === "node" && tone === "off" ? "bad" : tone;
}

const SEVERITIES: ReadonlyMap<string, Tone> = new Map<string, Tone>([
  ["info", "busy"],
  ["warn", "warn"],
  ["warning", "warn"],
  ["error", "bad"],
  ["critical", "bad"],
]);

/** Return the tone of the gravest alert, or null if there is none. */
export function alertOf(item: Item): Tone | null {
  const alerts = Array.isArray(item.alerts) ? item.alerts : [];
  let gravest: Tone | null = null;
  for (const alert of alerts) {
    const tone = SEVERITIES.get(String(field(alert, "severity")).toLowerCase()) ?? "warn";
    gravest = gravest === "bad" || tone === "bad" ? "bad" : gravest === "warn" ? "warn" : tone;
  }
  return gravest;
}

export type Loads = readonly [cpu: number, gpu: number, memory: number];

/** Return what shares of a node are in use, each from 0 to 1; null if it tells none. */
export function loadsOf(item: Item): Loads | null {
  const from = item.metrics ?? item;
  const found = [field(from, "cpu"), field(from, "gpu"), field(from, "ram") ?? field(from, "memory")];
  if (!found.some((one) => typeof one === "number")) {
    return null;
  }
  const [cpu = 0, gpu = 0, memory = 0] = found.map((one) =>
    typeof one === "number" ? Math.max(0, Math.min(1, one)) : 0,
  );
  return [cpu, gpu, memory];
}

/** Return how a load is judged. */
export function toneOfLoad(load: number): Tone {
  return load >= 0.9 ? "bad" : load >= 0.75 ? "warn" : "good";
}

function field(value: Json | undefined, name: string): Json | undefined {
  if (value === null || typeof value !== "object" || Array.isArray(value)) {
    return undefined;
  }
  return (value as Readonly<Record<string, Json>>)[name];
}
