/** Why what is shown may not be the present, and since when. Old is never shown as new. */

import type { SourceBrief } from "../client/scene.ts";
import type { MapState } from "../client/state.ts";
import { isOld, sourceOf } from "./freshness.ts";

/**
 * A reason for doubt. `since` is in ms since 1970; null where nobody knows.
 *
 * `away`: the map cannot be reached. `refused`: it refuses this page. `still`: it has lost its log, and stands still.
 * `alone`: it has lost its log, and polls for itself. `sources`: some services do not answer as they should. `paused`:
 * the page holds what comes. `pending`: the map still asks what the reader may see.
 */
export type Doubt =
  | { readonly kind: "away" | "refused" | "still" | "paused"; readonly since: number | null }
  | { readonly kind: "alone" | "pending"; readonly since: null }
  | SourcesDoubt;

export type SourcesDoubt = {
  readonly kind: "sources";
  readonly since: number | null;
  readonly sources: readonly SourceBrief[];
};

/** Return the reasons for doubt, the gravest first. Of a moment of the past there are none: it does not grow old. */
export function doubtsOf({ data, present, time, connection, recording, paused }: MapState): readonly Doubt[] {
  const { meta } = data;
  if (!meta || recording || time.mode === "past") return [];
  const doubts: Doubt[] = [];
  const { status, error } = connection;
  // what has just been read, and is followed in a moment, is not old
  const hasFailed = status === "error" || (status === "connecting" && error !== null);
  if (status === "reconnecting" || hasFailed) doubts.push({ kind: "away", since: at(present.generatedAt) });
  if (status === "refused") doubts.push({ kind: "refused", since: at(present.generatedAt) });
  if (meta.standing_still_since !== null) doubts.push({ kind: "still", since: at(meta.standing_still_since) });
  else if (meta.phase === "on_its_own") doubts.push({ kind: "alone", since: null });
  if (paused) doubts.push({ kind: "paused", since: at(data.generatedAt) });
  const sources = meta.sources.filter(isOld);
  if (sources.length > 0) doubts.push({ kind: "sources", since: oldest(sources), sources });
  if (meta.access === "pending" && !doubts.some(isOfAll)) doubts.push({ kind: "pending", since: null });
  return doubts;
}

/** Whether a doubt is about everything that is shown. */
export function isOfAll({ kind }: Doubt): boolean {
  return kind !== "sources" && kind !== "pending" && kind !== "alone";
}

/** Since when a value has not been read again, in ms since 1970; null where it never was. */
export type Age = { readonly since: number | null };

/** Return how old what some sources report is, of which the first that reads at all counts; null for the present. */
export function ageOf(
  doubts: readonly Doubt[],
  names: readonly string[],
  all: readonly SourceBrief[],
): Age | null {
  const whole = doubts.filter(isOfAll).flatMap(({ since }) => since ?? []);
  const source = sourceOf({ sources: names }, all);
  const own = source && isOld(source) ? at(source.observed_at) : undefined;
  if (own === null) return { since: null };
  const times = own === undefined ? whole : [...whole, own];
  return times.length > 0 ? { since: Math.min(...times) } : null;
}

function oldest(sources: readonly SourceBrief[]): number | null {
  const times = sources.flatMap(({ observed_at }) => at(observed_at) ?? []);
  return times.length > 0 ? Math.min(...times) : null;
}

function at(time: string | null): number | null {
  const ms = Date.parse(time ?? "");
  return Number.isNaN(ms) ? null : ms;
}
