/** How a number went: the answer of `GET /living-map/series`, and what a chart draws of it. */

export type SeriesPoint = {
  readonly time: string;
  readonly min: number;
  readonly mean: number;
  readonly max: number;
};

export type Series = {
  readonly points: readonly SeriesPoint[];
  readonly gaps: readonly { readonly since: string; readonly until: string }[];
};

/** A number as it was seen, at a time in ms since 1970. */
export type Sample = { readonly at: number; readonly value: number };

/** The columns of a chart: times in seconds, and the numbers at them; null where nothing is known. */
export type Columns = {
  readonly times: readonly number[];
  readonly mean: readonly (number | null)[];
  readonly low: readonly (number | null)[];
  readonly high: readonly (number | null)[];
};

/** The steps of a series: when they begin, and how long each is, in ms. */
export type Steps = { readonly from: number; readonly size: number };

/** Return the columns of a series, and of what was seen since its end. */
export function columnsOfSeries(series: Series | null, samples: readonly Sample[], steps?: Steps): Columns {
  const points = (series?.points ?? []).map(({ time, ...one }) => ({ at: Date.parse(time), ...one }));
  const end = points.at(-1)?.at ?? Number.NEGATIVE_INFINITY;
  const seen = samples
    .filter(({ at }) => at > end)
    .map(({ at, value }) => ({ at, min: value, mean: value, max: value }));
  const gaps = (series?.gaps ?? []).map(({ since }) => Date.parse(since));
  const unknown = [...gaps, ...endsIn(points, steps)].map((at) => ({ at, min: null, mean: null, max: null }));
  const known = points.filter(({ at }) => !isUnknown(at, series));
  const rows = [
    ...begun(known, seen[0]?.at, steps),
    ...unknown,
    ...(seen.length > 0 ? seen : lasting(known, steps)),
  ];
  rows.sort((one, other) => one.at - other.at);
  return {
    times: rows.map(({ at }) => at / 1000),
    mean: rows.map(({ mean }) => mean),
    low: rows.map(({ min }) => min),
    high: rows.map(({ max }) => max),
  };
}

type At = { readonly at: number };

/** Return when the number was known no longer: the steps after that are left out. */
function endsIn(points: readonly At[], steps: Steps | undefined): readonly number[] {
  if (!steps) return [];
  return points.flatMap(({ at }, index) => {
    const next = points[index + 1];
    return next && next.at - at > 1.5 * steps.size ? [at + steps.size] : [];
  });
}

/** Return points of which the first, where the number came in the midst of a step, is at the end of that. */
function begun<Point extends At>(
  points: readonly Point[],
  seenAt: number | undefined,
  steps: Steps | undefined,
): readonly Point[] {
  const [first, ...others] = points;
  if (!first || !steps || first.at < steps.from + steps.size) return points;
  const at = Math.min(
    first.at + steps.size,
    others[0]?.at ?? Number.POSITIVE_INFINITY,
    seenAt ?? Number.POSITIVE_INFINITY,
  );
  return [{ ...first, at }, ...others];
}

/** Return what the last step shows once more at its end: it is known until then. */
function lasting<Point extends At>(points: readonly Point[], steps: Steps | undefined): readonly Point[] {
  const last = points.at(-1);
  return last && steps ? [{ ...last, at: last.at + steps.size }] : [];
}

/** A stretch of time, in ms since 1970. */
export type Unknown = { readonly since: number; readonly until: number };

/** Return the stretches between two moments of which nothing is known. */
export function unknownIn({ times, mean }: Columns, from: number, to: number): readonly Unknown[] {
  const stretches: Unknown[] = [];
  let since: number | null = from;
  for (const [index, seconds] of times.entries()) {
    const at = seconds * 1000;
    if (mean[index] === null) since ??= at;
    else if (since !== null) {
      if (at > since) stretches.push({ since, until: at });
      since = null;
    }
  }
  return since !== null && to > since ? [...stretches, { since, until: to }] : stretches;
}

/** Of a number in a chart: what it is a number of, since when it is known, and between what it was. */
export type Extent = {
  readonly measure: string;
  readonly first: number;
  readonly low: number;
  readonly high: number;
};

export function extentOf({ times, low, high }: Columns, measure: string): Extent {
  const known = <Value>(list: readonly (Value | null)[]) => list.filter((one) => one !== null);
  return {
    measure,
    first: (times[0] ?? 0) * 1000,
    low: Math.min(...known(low)),
    high: Math.max(...known(high)),
  };
}

export type Range = readonly [low: number, high: number];

/** Of two numbers that are further apart the lower would be a flat line. */
const COMPARABLE = 8;

/** Return the range in which each number is drawn: those of one measure share theirs, so that they can be compared. */
export function rangesOf(extents: ReadonlyMap<string, Extent>): ReadonlyMap<string, Range> {
  const ranges = new Map<string, Range>();
  const left = new Map([...extents].sort(([, one], [, other]) => other.high - one.high));
  for (const [, { measure, high }] of left) {
    const alike = [...left].filter(([, one]) => one.measure === measure && one.high * COMPARABLE >= high);
    const range: Range = [Math.min(...alike.map(([, one]) => one.low)), high];
    for (const [name] of alike) {
      ranges.set(name, range);
      left.delete(name);
    }
  }
  return ranges;
}

/** The most of a chart that may be a time before anything was recorded. */
const BEFORE = 1 / 3;

/** Return when a chart begins: with its span, or a little before anything is known. */
export function beginOf(first: number, end: number, span: number): number {
  return Math.max(end - span, first - ((end - first) * BEFORE) / (1 - BEFORE));
}

function isUnknown(at: number, series: Series | null): boolean {
  return (series?.gaps ?? []).some(({ since, until }) => at >= Date.parse(since) && at < Date.parse(until));
}

/** Return how a number went as an SVG path in a box of this size, in steps; nothing where nothing is known. */
export function pathOf(
  { times, mean }: Columns,
  [from, to]: Range,
  [low, high]: Range,
  { width, height }: { readonly width: number; readonly height: number },
): string {
  const x = (ms: number) => Math.round(((Math.max(from, ms) - from) / (to - from)) * width * 10) / 10;
  const y = (value: number) => Math.round((1 - (value - low) / (high - low || 1)) * height * 10) / 10;
  return mean
    .map((value, at) => {
      if (value === null) return "";
      const until = (times[at + 1] ?? to / 1000) * 1000;
      const isFirst = (mean[at - 1] ?? null) === null;
      return `${isFirst ? `M${x((times[at] ?? 0) * 1000)} ${y(value)}` : `V${y(value)}`}H${x(until)}`;
    })
    .join("");
}

/** Whether a line has any length. */
export function hasLength({ times }: Columns): boolean {
  return times[0] !== times.at(-1);
}

/** Whether a number was ever another one. */
export function hasMoved({ mean, low, high }: Columns): boolean {
  const first = mean.find((one) => one !== null);
  return [...mean, ...low, ...high].some((one) => one !== null && one !== first);
}
