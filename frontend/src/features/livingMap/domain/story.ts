/** What changed between two moments, as it is told: the answer of `GET /living-map/diff?summary=true`. */

import type { Severity } from "./timeline.ts";
import type { Tone } from "./tones.ts";

export type StoryStep = {
  readonly at: string;
  /** When a trouble ended; null while it lasts, and for what takes no time. */
  readonly until: string | null;
  readonly kind: "trouble" | "came" | "went" | "changed" | "number";
  readonly entity_ids: readonly string[];
  readonly severity: Severity | null;
  readonly text: string;
};

/** A story, and when it begins, in ms since 1970. */
export type Story = { readonly begin: number; readonly steps: readonly StoryStep[] };

export type Summary = { readonly story: readonly StoryStep[]; readonly entries: number };

const SECOND = 1000;

/** Return the moments just before and just after a step, in ms since 1970; none before the story begins. */
export function sidesOf({ at }: StoryStep, begin: number): { readonly before: number; readonly after: number } {
  const moment = Date.parse(at);
  return {
    before: Math.max(begin, Math.ceil(moment / SECOND) * SECOND - SECOND),
    after: Math.max(begin, Math.floor(moment / SECOND) * SECOND + SECOND),
  };
}

/** Return the tone in which a step is marked; null for what is neither good nor bad. */
export function toneOfStep({ kind, severity }: StoryStep): Tone | null {
  if (kind !== "trouble") return null;
  return severity === "critical" ? "bad" : "warn";
}
