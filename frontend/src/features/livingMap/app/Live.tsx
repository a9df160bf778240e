import { useCallback, useEffect, useMemo, useState } from "react";
import { axisText, fieldText } from "../domain/fields.ts";
import type { Kind } from "../domain/kind.ts";
import { isLoad } from "../domain/loads.ts";
import {
  beginOf,
  type Columns,
  columnsOfSeries,
  type Extent,
  extentOf,
  hasLength,
  hasMoved,
  type Range,
  rangesOf,
  type Sample,
  type Series,
} from "../domain/series.ts";
import type { Age } from "../domain/trust.ts";
import type { TypeField } from "../domain/types.ts";
import type { Values } from "../domain/values.ts";
import { loadWord } from "../domain/words.ts";
import { type Language, useLanguage } from "../i18n/i18n.tsx";
import { useAsked, useLast } from "./asked.ts";
import { AgeText, LoadBar } from "./bits.tsx";
import { Chart, type EventMark } from "./Chart.tsx";
import { DAY, textOf, usePast, useStretch } from "./moment.ts";
import { useSamples } from "./samples.ts";
import { useFirst, useReserved } from "./settled.tsx";
import { useAge } from "./trust.tsx";

const SPANS = [DAY, 7 * DAY] as const;
const POINTS = 240;

type LiveProps = {
  readonly id: string;
  readonly kind: Kind;
  readonly values: Values;
  readonly marks: readonly EventMark[];
  /** By field: the source that reports it, as far as that is known. */
  readonly sources: Readonly<Record<string, string>>;
};

/** The numbers of a thing, and how they went. */
export function Live({ id, kind, values, marks, sources }: LiveProps) {
  const { words, duration } = useLanguage();
  const samples = useSamples(id);
  const isPast = usePast();
  const age = useAge(kind.name);
  const [span, setSpan] = useState<number>(SPANS[0]);
  const { first, ranges, note } = useExtents();
  if (values.size === 0) return null;
  return (
    <section>
      <h3>
        {isPast ? words.details.atMoment : age ? words.details.last : words.details.live}
        {age && <AgeText age={age} />}
        <span className="spans">
          {SPANS.map((one) => (
            <button key={one} type="button" aria-pressed={one === span} onClick={() => setSpan(one)}>
              {duration(one / 1000)}
            </button>
          ))}
        </span>
      </h3>
      <div className="live">
        {[...values].map(([field, value]) => (
          <LiveValue
            key={field.name}
            first={first}
            range={ranges.get(field.name)}
            onExtent={note}
            id={id}
            field={field}
            value={value}
            kind={kind}
            samples={samples.get(field.name) ?? NO_SAMPLES}
            span={span}
            marks={marks}
            ageOfAll={age}
            source={sources[field.name] ?? sources[field.name.split(".")[0] ?? ""]}
          />
        ))}
      </div>
    </section>
  );
}

const NO_SAMPLES: readonly Sample[] = [];

/** What the charts of a thing share: since when anything is known, and the ranges in which they are drawn. */
function useExtents() {
  const [extents, setExtents] = useState<ReadonlyMap<string, Extent>>(new Map());
  const note = useCallback((name: string, extent: Extent | null) => {
    setExtents((before) => {
      const others = [...before].filter(([one]) => one !== name);
      return new Map(extent ? [...others, [name, extent]] : others);
    });
  }, []);
  const ranges = useMemo(() => rangesOf(extents), [extents]);
  return { first: Math.min(...[...extents.values()].map((one) => one.first)), ranges, note };
}

type LiveValueProps = {
  /** Since when any number of the thing is known, in ms since 1970. */
  readonly first: number;
  readonly range: Range | undefined;
  readonly onExtent: (name: string, extent: Extent | null) => void;
  readonly id: string;
  readonly field: TypeField;
  readonly value: number;
  readonly kind: Kind;
  readonly samples: readonly Sample[];
  readonly span: number;
  readonly marks: readonly EventMark[];
  /** How old the numbers of the thing are. */
  readonly ageOfAll: Age | null;
  readonly source: string | undefined;
};

function LiveValue({
  first,
  range,
  onExtent,
  id,
  field,
  value,
  kind,
  samples,
  span,
  marks,
  ageOfAll,
  source,
}: LiveValueProps) {
  const language = useLanguage();
  const age = useAge(kind.name, source);
  const label = loadWord(field.name, kind, language);
  const [from, to] = useStretch(span);
  const question = { entity_id: id, field: field.name, from: textOf(from), to: textOf(to), points: POINTS };
  const asked = useAsked<Series>("living-map/series", question);
  const answer = useLast(asked.answer);
  const isAwaited = answer === null && asked.error === null;
  const isReserved = useReserved(isAwaited);
  const columns = useMemo(
    () => columnsOfSeries(answer, samples, { from, size: span / POINTS }),
    [answer, samples, from, span],
  );
  useExtent(columns, field, onExtent);
  const isShare = field.kind === "ratio";
  const end = Math.max(to, samples.at(-1)?.at ?? to);
  const isDrawn = hasMoved(columns) && (samples.length > 0 || hasLength(columns));
  const hasChart = useFirst(`${id} ${span}`, isReserved || isDrawn, isAwaited);
  return (
    <div className={`live-value ${hasChart ? "has-chart" : ""} ${age ? "is-old" : ""}`}>
      {isShare ? (
        <LoadBar label={label} load={value} isPlain={!isLoad(field.name)} />
      ) : (
        <p className="live-number">
          <span>{label}</span>
          <strong>{fieldText(value, field, kind, language)}</strong>
        </p>
      )}
      {age && age.since !== ageOfAll?.since && <AgeText age={age} />}
      {isReserved && !isDrawn && !isAwaited && (
        <p className="chart is-empty">
          {emptyText(columnsOfSeries(answer, NO_SAMPLES), asked.error !== null, language)}
        </p>
      )}
      {hasChart && (isDrawn || isAwaited) && (
        <Chart
          columns={columns}
          from={beginOf(Math.min(first, (columns.times[0] ?? 0) * 1000), end, span)}
          range={range}
          to={end}
          isShare={isShare}
          marks={marks}
          format={(one) => axisText(one, field, kind, language)}
        />
      )}
    </div>
  );
}

/** Return why there is nothing to draw in the room that was kept for a chart. */
function emptyText(columns: Columns, hasFailed: boolean, { words }: Language): string {
  if (hasMoved(columns)) return words.details.tooLittle;
  if (columns.mean.some((one) => one !== null)) return words.details.constant;
  return hasFailed ? words.details.historyFailed : words.trends.nothing;
}

/** Let the other charts know what this one shows. */
function useExtent(columns: Columns, { name, kind, unit }: TypeField, note: LiveValueProps["onExtent"]): void {
  const extent = hasMoved(columns) ? extentOf(columns, `${kind} ${unit}`) : null;
  const key = JSON.stringify(extent);
  useEffect(() => {
    note(name, JSON.parse(key) as Extent | null);
  }, [key, name, note]);
  useEffect(() => () => note(name, null), [name, note]);
}
