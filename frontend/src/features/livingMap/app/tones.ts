/** How a status is judged: the tone that colours it and the shape that says the same without colour. */

export const TONES = ["good", "busy", "warn", "bad", "off", "idle"] as const;
export type Tone = (typeof TONES)[number];

const WORDS: Readonly<Record<string, Tone>> = {
  active: "good",
  online: "good",
  good: "good",
  green: "good",
  fresh: "good",
  passed: "good",
  executed: "good",
  busy: "busy",
  mock: "busy",
  degraded: "warn",
  warn: "warn",
  warning: "warn",
  yellow: "warn",
  stale: "warn",
  critical: "bad",
  error: "bad",
  red: "bad",
  failed: "bad",
  rejected: "bad",
  down: "bad",
  offline: "off",
  inactive: "off",
  disabled: "off",
};

/** Return the tone of a status; one that nobody knows is `idle`. A node that is offline is in trouble. */
export function toneOf(status: string, type = ""): Tone {
  const tone = WORDS[status.toLowerCase()] ?? "idle";
  return type === "node" && tone === "off" ? "bad" : tone;
}

export function toneOfLoad(load: number): Tone {
  return load >= 0.9 ? "bad" : load >= 0.75 ? "warn" : "good";
}
