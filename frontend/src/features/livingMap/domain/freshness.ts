/** How current the picture is: which source reports a figure, whether that is out of date, and how age fades it. */

import type { components } from "../client/openapi.ts";
import type { SourceBrief } from "../client/scene.ts";
import type { Figure } from "./figure.ts";
import type { Tone } from "./tones.ts";

const TONES: Readonly<Record<SourceBrief["status"], Tone>> = {
  starting: "idle",
  fresh: "good",
  mock: "busy",
  stale: "warn",
  down: "bad",
  failed: "bad",
  disabled: "off",
};

export function toneOfSource({ status }: SourceBrief): Tone {
  return TONES[status] ?? "idle";
}

/** Whether what a source reported is older than it should be. */
export function isOld({ status }: SourceBrief): boolean {
  return status === "stale" || status === "down" || status === "failed";
}

/** Return the source that reports a figure or a kind; undefined if there is none or it may not be seen. */
export function sourceOf(
  { sources: names }: { readonly sources: readonly string[] },
  sources: readonly SourceBrief[],
): SourceBrief | undefined {
  return names
    .map((name) => sources.find((one) => one.name === name && one.status !== "disabled"))
    .find((one) => one !== undefined);
}

/** Return what went wrong line by line, each fault once: of `a: gone; b: gone` that is "a, b: gone". */
export function faultsOf({ error }: SourceBrief): readonly string[] {
  const places = new Map<string, string[]>();
  for (const one of (error ?? "").split("; ").filter(Boolean)) {
    const [, place = "", fault = one] = /^([\w.-]+): (.*)$/s.exec(one) ?? [];
    const known = places.get(fault) ?? [];
    places.set(fault, place && !known.includes(place) ? [...known, place] : known);
  }
  return [...places].map(([fault, names]) => (names.length > 0 ? `${names.join(", ")}: ${fault}` : fault));
}

type SourceReport = components["schemas"]["SourceReport"];

export type SourceTrouble = {
  readonly kind: "dropped" | "faults" | "overruns" | "setAside";
  readonly count: number;
  /** The last of them. */
  readonly lines: readonly string[];
};

/** Return what of a source could not be used or held the map up; nothing where only its freshness may be seen. */
export function troubleOf(source: SourceBrief | SourceReport): readonly SourceTrouble[] {
  if (!("last_faults" in source)) return [];
  const { dropped_rows, dropped, faults, last_faults, overruns, last_overruns, set_aside } = source;
  const all: readonly SourceTrouble[] = [
    { kind: "dropped", count: dropped_rows, lines: dropped },
    { kind: "faults", count: faults, lines: last_faults },
    { kind: "overruns", count: overruns, lines: last_overruns },
    { kind: "setAside", count: set_aside.length, lines: set_aside },
  ];
  return all.filter(({ count }) => count > 0);
}

const FADED = 0.7;
const FAINTEST = 0.35;
const FAINTEST_SECONDS = 3600;

/** Return how strongly each figure is drawn: current ones in full, old ones paler the older they are. */
export function strengths(
  sources: readonly SourceBrief[],
  figures: readonly Figure[],
): ReadonlyMap<Figure, number> {
  return new Map(figures.map((figure) => [figure, strength(sourceOf(figure, sources))]));
}

function strength(source: SourceBrief | undefined): number {
  if (!source || !isOld(source)) return 1;
  const age = Math.min(1, (source.age_seconds ?? FAINTEST_SECONDS) / FAINTEST_SECONDS);
  return FADED - (FADED - FAINTEST) * age;
}

export type Doubts = {
  readonly simulated: readonly Figure[];
  readonly old: readonly Figure[];
  /** The age of the oldest, in seconds; null where it was never read. */
  readonly ageSeconds: number | null;
  /** Whether every figure that has a source is simulated. */
  readonly isAllSimulated: boolean;
};

/** Return which of some figures are simulated, and which are out of date. */
export function doubts(sources: readonly SourceBrief[], figures: Iterable<Figure>): Doubts {
  const reported = [...figures].flatMap((figure) => {
    const source = sourceOf(figure, sources);
    return source ? [{ figure, source }] : [];
  });
  const old = reported.filter(({ source }) => isOld(source));
  const simulated = reported.filter(({ source }) => source.status === "mock").map(({ figure }) => figure);
  return {
    simulated,
    old: old.map(({ figure }) => figure),
    ageSeconds: old.some(({ source }) => source.age_seconds === null)
      ? null
      : Math.max(0, ...old.map(({ source }) => source.age_seconds ?? 0)),
    isAllSimulated: simulated.length > 0 && simulated.length === reported.length,
  };
}
