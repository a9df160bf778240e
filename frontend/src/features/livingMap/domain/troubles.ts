/** What is wrong, one line per thing: what the map shows, joined with what the map says of it. */

import type { components } from "../client/openapi.ts";
import type { Entity } from "./catalogue.ts";
import type { Problem } from "./problems.ts";
import { byGravity, type Tone } from "./tones.ts";
import type { Doubt } from "./trust.ts";

/** A problem as `GET /living-map/problems` has it. */
export type Report = components["schemas"]["ProblemReport"];

export type Trouble = {
  /** The same for as long as it lasts. */
  readonly key: string;
  readonly tone: Tone;
  /** Null for a source and for the map itself. */
  readonly entity: Entity | null;
  /** The name of the source that it is about. */
  readonly source: string | null;
  /** What the map shows of it, the gravest first; empty where only the map knows of it. */
  readonly shown: readonly Problem[];
  /** What the map says of it; empty where it says nothing, or cannot be asked. */
  readonly reports: readonly Report[];
  /** Since when, in ms since 1970; null where nobody says. */
  readonly since: number | null;
  /** Whether it was there before anybody looked: then it began before `since`. */
  readonly isAtLeast: boolean;
  /** Whether somebody has seen all of it. */
  readonly isAcknowledged: boolean;
};

const TONES: Readonly<Record<Report["severity"], Tone>> = { critical: "bad", warning: "warn", info: "busy" };

/** Return the troubles, the gravest first, of equal ones the oldest. */
export function troublesOf(problems: readonly Problem[], reports: readonly Report[]): readonly Trouble[] {
  const shown = grouped(problems, keyOf);
  const reported = grouped(reports, keyOfReport);
  const own = [...shown].map(([key, list]) => trouble(key, list, reported.get(key) ?? []));
  const others = [...reported].filter(([key]) => !shown.has(key) && !key.startsWith("thing "));
  return [...own, ...others.map(([key, list]) => trouble(key, [], list))].sort(
    (one, other) => byGravity(one.tone, other.tone) || (one.since ?? Infinity) - (other.since ?? Infinity),
  );
}

function grouped<T>(list: readonly T[], key: (one: T) => string): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const one of list) {
    const own = groups.get(key(one));
    if (own) own.push(one);
    else groups.set(key(one), [one]);
  }
  return groups;
}

function keyOf({ entity, source }: Problem): string {
  return entity ? `thing ${entity.id}` : `source ${source?.name}`;
}

/** What is wrong with a thing is shown; of the map's own problems each is a line. */
function keyOfReport({ id, code, source, affects }: Report): string {
  const [thing] = affects.entities;
  if (thing && (code.startsWith("entity_") || code === "id_collision")) return `thing ${thing.id}`;
  if (source && /^source_(down|stale|failed)$/.test(code)) return `source ${source}`;
  return `map ${id}`;
}

function trouble(key: string, shown: readonly Problem[], reports: readonly Report[]): Trouble {
  const [first] = shown;
  const [report] = reports;
  const tone = first?.tone ?? (report ? TONES[report.severity] : "idle");
  const times = reports.map(({ since }) => Date.parse(since));
  return {
    key,
    tone,
    entity: first?.entity ?? null,
    source: first?.source?.name ?? report?.source ?? null,
    shown,
    reports,
    since: times.length > 0 ? Math.min(...times) : null,
    isAtLeast: reports.some((one) => "at_least" in one && one.at_least === true),
    isAcknowledged: reports.length > 0 && reports.every(({ state }) => state === "acknowledged"),
  };
}

/** Return those that nobody has seen yet: they are counted. */
export function openOf(troubles: readonly Trouble[]): readonly Trouble[] {
  return troubles.filter(({ isAcknowledged, tone }) => !isAcknowledged && tone !== "busy");
}

/** Return a doubt with the moment from when on its problems are open, so that both name the same one. */
export function dated(doubt: Doubt, troubles: readonly Trouble[]): Doubt {
  if (doubt.kind !== "sources" || doubt.since === null) return doubt;
  const keys = new Set(doubt.sources.map(({ name }) => `source ${name}`));
  const times = troubles.flatMap(({ key, since }) => (keys.has(key) && since !== null ? [since] : []));
  return times.length > 0 ? { ...doubt, since: Math.min(...times) } : doubt;
}

/** Return since when things are in trouble, by id. */
export function sinceOf(troubles: readonly Trouble[]): ReadonlyMap<string, number> {
  return new Map(troubles.flatMap(({ entity, since }) => (entity && since !== null ? [[entity.id, since]] : [])));
}
