/** Totals: what a number of many things comes to over time, as `GET /living-map/totals` answers. */

import type { components } from "../client/openapi.ts";
import type { Language } from "../i18n/i18n.tsx";
import { fieldText } from "./fields.ts";
import type { Kind } from "./kind.ts";
import type { Measure } from "./measures.ts";
import { type Columns, columnsOfSeries, type Steps, type Unknown } from "./series.ts";
import type { TypeRelation } from "./types.ts";

export type Totals = components["schemas"]["Totals"];
export type TotalOfOne = components["schemas"]["TotalOfOne"];
type Course = Pick<TotalOfOne, "now" | "usual" | "unusual" | "points">;
type Sum = Pick<TotalOfOne, "known" | "things" | "points">;

export const HOURS = [1, 24, 168] as const;

/** Which number is shown over time: by what it is added up, empty for each thing, and over how many hours. */
export type Trend = Measure & { readonly by: string; readonly hours: (typeof HOURS)[number] };

/** Return the trend that a text names, `agent,usage.tokens_24h,microdao_id,24`; what it gets wrong is as usual. */
export function trendOf(text: string, measures: readonly Measure[]): Trend | undefined {
  const [type, name, by, hours] = text.split(",");
  const measure = measures.find(({ kind, field }) => kind.name === type && field.name === name) ?? measures[0];
  if (!measure) return undefined;
  const fields = relationsOf(measure).map(({ field }) => field);
  const usual = measure.kind.within.find((field) => fields.includes(field)) ?? "";
  const isNamed = by !== undefined && (by === "" || fields.includes(by));
  return {
    ...measure,
    by: isNamed ? by : usual,
    hours: HOURS.find((one) => String(one) === hours) ?? 24,
  };
}

export function trendText({ kind, field, by, hours }: Trend): string {
  return [kind.name, field.name, by, hours].join(",");
}

/** Return the relations by which the things of a measure can be added up. */
export function relationsOf({ kind }: Measure): readonly TypeRelation[] {
  return kind.relations;
}

/** Return what a chart draws of a course. */
export function columnsOfTotal({ points }: Course, gaps: Totals["gaps"], steps: Steps): Columns {
  const series = points.map(({ time, total }) => ({ time, min: total, mean: total, max: total }));
  return columnsOfSeries({ points: series, gaps }, [], steps);
}

/** Return of how many of its things a number is known; empty where it is of all, or of none. */
export function knownText(
  { now, known, things }: Sum & Pick<TotalOfOne, "now">,
  kind: Kind,
  language: Language,
): string {
  if (now === null || known >= things) return "";
  return partsText(language.words.trends.partly, known, things, kind, language);
}

/** Return what the shaded parts of a chart mean; empty where there are none. */
export function shadedText({ points, things }: Sum, kind: Kind, language: Language): string {
  const least = Math.min(things, ...points.map(({ known }) => known));
  return least === things ? "" : partsText(language.words.trends.shaded, least, things, kind, language);
}

function partsText(text: string, known: number, things: number, kind: Kind, { fill, number }: Language): string {
  return fill(text, { n: number(known), all: number(things), kind: kind.plural || kind.label });
}

/** Return the stretches of a course in which the number is not known of all of its things. */
export function partsOf({ points, things }: Sum, { size }: Steps): readonly Unknown[] {
  const stretches: Unknown[] = [];
  for (const { time, known } of points) {
    if (known >= things) continue;
    const since = Date.parse(time);
    const last = stretches.at(-1);
    if (last?.until === since) stretches[stretches.length - 1] = { ...last, until: since + size };
    else stretches.push({ since, until: since + size });
  }
  return stretches;
}

/** Return the greatest number of a course. */
export function mostOf({ points, now }: Course): number {
  return Math.max(0, now ?? 0, ...points.map(({ total }) => total));
}

/** Return in what a number is unusual: "3.4 times its usual 1,200"; empty where it is not, or nobody knows. */
export function unusualText(
  { now, usual, unusual }: Course,
  { kind, field }: Measure,
  language: Language,
): string {
  if (!unusual || usual === null || now === null) return "";
  const { fill, plural, percent } = language;
  const { trends } = language.words;
  if (usual.median === 0) return trends.fromNothing;
  const text = fieldText(usual.median, field, kind, language);
  const ratio = now / usual.median;
  if (ratio < 0) return fill(trends.usually, { usual: text });
  if (ratio < 1) return fill(trends.share, { n: percent(ratio), usual: text });
  return `${plural(Math.round(ratio * 10) / 10, trends.times)} ${text}`;
}
