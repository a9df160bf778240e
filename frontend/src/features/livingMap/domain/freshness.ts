/** How current the picture is: which source reports a figure, whether that is out of date, and how age fades it. */

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

/** Return the source that reports a figure; undefined if there is none or it may not be seen. */
export function sourceOf(figure: Figure, sources: readonly SourceBrief[]): SourceBrief | undefined {
  return figure.sources
    .map((name) => sources.find((one) => one.name === name && one.status !== "disabled"))
    .find((one) => one !== undefined);
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
  /** The age of the oldest, in seconds. */
  readonly ageSeconds: number;
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
    ageSeconds: Math.max(0, ...old.map(({ source }) => source.age_seconds ?? 0)),
    isAllSimulated: simulated.length > 0 && simulated.length === reported.length,
  };
}
