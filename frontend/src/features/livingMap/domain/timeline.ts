/** What happened when: the answer of `GET /living-map/timeline`, and where on it a moment lies. */

import { reach } from "../client/time.ts";

export type Severity = "warning" | "critical";

export type TimelinePoint = {
  readonly time: string;
  /** Null where the reader may not know. */
  readonly changes: number | null;
  /** Null where nothing is known. */
  readonly troubled: number | null;
  readonly worst: Severity | null;
};

export type TimelineGap = { readonly since: string; readonly until: string; readonly reason: string };

export type Trouble = {
  readonly entity_id: string;
  readonly type: string;
  readonly label: string;
  /** What is wrong: its status, an alert, or the share of a machine that is in use. */
  readonly kind: "status" | "alert" | "load";
  readonly status: string;
  readonly severity: Severity;
  readonly began: string;
  /** Null while it lasts. */
  readonly ended: string | null;
};

export type Timeline = {
  readonly from: string;
  readonly to: string;
  /** The oldest moment that can be shown; null where there is none yet. */
  readonly oldest: string | null;
  readonly points: readonly TimelinePoint[];
  readonly gaps: readonly TimelineGap[];
  readonly troubles: readonly Trouble[];
};

/** A stretch of time, in ms since 1970. */
export type Span = { readonly from: number; readonly to: number };

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** So much of the past can be shown at once, in ms. */
export const SPANS: readonly number[] = [HOUR, 6 * HOUR, DAY, 7 * DAY, 30 * DAY, 365 * DAY];
export const USUAL_SPAN = DAY;

/** Return where a moment lies in a span, from 0 to 1. */
export function shareOf(moment: number, { from, to }: Span): number {
  return to > from ? Math.min(1, Math.max(0, (moment - from) / (to - from))) : 1;
}

/** Return the moment at a share of a span, no finer than can be pointed at. */
export function momentAt(share: number, span: Span): number {
  const grain = grainOf(span);
  const moment = span.from + Math.min(1, Math.max(0, share)) * (span.to - span.from);
  return Math.min(span.to, Math.max(span.from, Math.round(moment / grain) * grain));
}

/** Return how far one step of a key leads, in ms. */
export function grainOf({ from, to }: Span): number {
  const length = to - from;
  if (length <= 2 * HOUR) return length <= 10 * MINUTE ? SECOND : 10 * SECOND;
  if (length <= 2 * DAY) return MINUTE;
  return length <= 14 * DAY ? 10 * MINUTE : HOUR;
}

/** Return the spans that are worth a choice where so much of the past is kept: all that are shorter, and the next. */
export function spansFor(kept: number): readonly number[] {
  const shorter = SPANS.filter((span) => span < kept);
  return [...shorter, ...SPANS.filter((span) => span >= kept).slice(0, 1)];
}

/** Return the usual span, or the shortest in which a moment lies that long ago. */
export function spanFor(agoMs: number): number {
  return SPANS.find((span) => span >= USUAL_SPAN && span >= agoMs) ?? SPANS.at(-1) ?? USUAL_SPAN;
}

/** A stroke of the river: as high as so much happened and, within it, as so many were in trouble, from 0 to 1; and how bad it was. */
export type Bar = {
  readonly at: number;
  readonly wide: number;
  readonly high: number;
  readonly deep: number;
  readonly worst: Severity | null;
};

const LOWEST = 0.08;
/** So many things in trouble fill the river, unless there were more. */
const MANY = 25;

/** Return the strokes of a timeline in a span; none where nothing is known. Heights grow with the logarithm: one storm does not flatten the days. */
export function barsOf({ points }: Timeline, span: Span): readonly Bar[] {
  const most = Math.log1p(Math.max(1, ...points.map(({ changes }) => changes ?? 0)));
  const deepest = Math.max(...points.map(({ troubled }) => troubled ?? 0));
  return points.flatMap(({ time, changes, troubled, worst }, index) => {
    if (troubled === null) return [];
    const begun = Date.parse(time);
    const next = points[index + 1];
    const end = next ? Date.parse(next.time) : span.to;
    const at = shareOf(begun, span);
    const high = changes === null ? Math.min(1, troubled / 4) : Math.log1p(changes) / most;
    const deep = troubled === 0 ? 0 : LOWEST + (troubled / Math.max(MANY, deepest)) * (1 - LOWEST);
    return [{ at, wide: Math.max(0, shareOf(end, span) - at), high: LOWEST + high * (1 - LOWEST), deep, worst }];
  });
}

/** What comes back so soon after it ended is the same trouble. */
const FLAP_MS = 10 * MINUTE;

/** Return where troubles began, each moment once, in order of time. What comes and goes is one trouble. */
export function stopsOf({ troubles }: Timeline): readonly number[] {
  const ends = new Map<string, number>();
  const stops = new Set<number>();
  for (const { entity_id, began, ended } of troubles.toSorted((a, b) => reach(a.began) - reach(b.began))) {
    const [start, end] = [reach(began), ended === null ? Number.POSITIVE_INFINITY : Date.parse(ended)];
    const last = ends.get(entity_id);
    if (last === undefined || start - last > FLAP_MS) stops.add(start);
    ends.set(entity_id, Math.max(last ?? end, end));
  }
  return [...stops].sort((one, other) => one - other);
}

/** Return the stop before a moment; null for none. */
export function stopBefore(stops: readonly number[], moment: number): number | null {
  return stops.findLast((stop) => stop < moment) ?? null;
}

/** Return the stop after a moment; null for none. */
export function stopAfter(stops: readonly number[], moment: number): number | null {
  return stops.find((stop) => stop > moment) ?? null;
}

/** Return what is in trouble at a moment, the gravest first. */
export function troublesAt({ troubles }: Timeline, moment: number): readonly Trouble[] {
  return troubles
    .filter(({ began, ended }) => reach(began) <= moment && (ended === null || Date.parse(ended) > moment))
    .toSorted((one, other) => Number(other.severity === "critical") - Number(one.severity === "critical"));
}

const TICKS: readonly number[] = [
  MINUTE,
  5 * MINUTE,
  15 * MINUTE,
  HOUR,
  3 * HOUR,
  6 * HOUR,
  12 * HOUR,
  DAY,
  2 * DAY,
  7 * DAY,
  30 * DAY,
];

/** Return moments at which a span is marked, at most so many, on the hour of the reader. */
export function ticksOf({ from, to }: Span, most: number): readonly number[] {
  const every = TICKS.find((one) => (to - from) / one <= most) ?? (to - from) / most;
  const shift = new Date(to).getTimezoneOffset() * MINUTE;
  const first = Math.ceil((from - shift) / every) * every + shift;
  return Array.from({ length: Math.max(0, Math.floor((to - first) / every) + 1) }, (_, at) => first + at * every);
}
