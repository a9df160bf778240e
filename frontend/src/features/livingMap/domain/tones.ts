/** How a thing is judged, in one of six tones; each has a colour and, for eyes that cannot rely on it, a shape. */

export const TONES = ["good", "busy", "warn", "bad", "off", "idle"] as const;
export type Tone = (typeof TONES)[number];

export const MARKS = {
  good: "disc",
  busy: "target",
  warn: "triangle",
  bad: "cross",
  off: "hollow",
  idle: "square",
} as const satisfies Record<Tone, string>;

const GRAVITY: readonly Tone[] = ["bad", "warn", "off", "busy", "idle", "good"];

/** Order tones, the gravest first. */
export function byGravity(one: Tone, other: Tone): number {
  return GRAVITY.indexOf(one) - GRAVITY.indexOf(other);
}

/** Return the gravest of some tones; null if there are none. */
export function gravest(tones: readonly Tone[]): Tone | null {
  return [...tones].sort(byGravity)[0] ?? null;
}

/** Whether a tone calls for attention. */
export function isTrouble(tone: Tone | null): boolean {
  return tone === "warn" || tone === "bad";
}
