import { useMemo } from "react";
import type { Scene } from "../client/scene.ts";
import { fieldText } from "../domain/fields.ts";
import { measuresOf } from "../domain/measures.ts";
import {
  HOURS,
  knownText,
  relationsOf,
  type Totals,
  type Trend,
  trendOf,
  trendText,
  unusualText,
} from "../domain/totals.ts";
import { capital, counted } from "../domain/words.ts";
import { useLanguage } from "../i18n/i18n.tsx";
import { useAsked, useLast } from "./asked.ts";
import { Empty } from "./bits.tsx";
import { Mark } from "./icons.tsx";
import { textOf, useStretch } from "./moment.ts";
import { useRegistry } from "./registry.tsx";
import { Course, TrendItems } from "./TrendItems.tsx";
import { go, usePlace } from "./url.ts";

const HOUR_MS = 3_600_000;
const PACE_MS = 60_000;
const MOST_ITEMS = 20;
/** So many steps the chart of each span has. */
const POINTS = { 1: 60, 24: 24, 168: 84 } as const;

/** How numbers that add up went, in all and by thing or group, and what is unusual in them. */
export default function TrendsPanel({ scene }: { readonly scene: Scene }) {
  const registry = useRegistry();
  const measures = useMemo(() => measuresOf(registry), [registry]);
  const trend = trendOf(usePlace().trend, measures);
  if (!trend) return null;
  return (
    <>
      <Choices trend={trend} />
      <Answer key={trendText(trend)} trend={trend} scene={scene} />
    </>
  );
}

function show(trend: Trend): void {
  go({ trend: trendText(trend) });
}

function Choices({ trend }: { readonly trend: Trend }) {
  const { words, duration } = useLanguage();
  const registry = useRegistry();
  const measures = useMemo(() => measuresOf(registry), [registry]);
  const kinds = [...new Set(measures.map(({ kind }) => kind))];
  const { trends } = words;
  return (
    <div className="bar trends-bar">
      <label className="choice">
        <span>{trends.what}</span>
        <select
          value={measures.findIndex(({ kind, field }) => kind === trend.kind && field.name === trend.field.name)}
          onChange={({ target }) => {
            const measure = measures[Number(target.value)];
            if (measure) show({ ...trend, ...measure, by: measure.kind === trend.kind ? trend.by : "" });
          }}
        >
          {kinds.map((kind) => (
            <optgroup key={kind.name} label={capital(kind.plural || kind.label)}>
              {measures.map(
                (one, at) =>
                  one.kind === kind && (
                    <option key={one.field.name} value={at}>
                      {one.field.label}
                    </option>
                  ),
              )}
            </optgroup>
          ))}
        </select>
      </label>
      <label className="choice">
        <span>{trends.by}</span>
        <select value={trend.by} onChange={({ target }) => show({ ...trend, by: target.value })}>
          <option value="">
            {trend.kind.label}: {trends.each}
          </option>
          {relationsOf(trend).map(({ field, label }) => (
            <option key={field} value={field}>
              {label}
            </option>
          ))}
        </select>
      </label>
      <fieldset className="spans" aria-label={trends.span}>
        {HOURS.map((hours) => (
          <button
            key={hours}
            type="button"
            aria-pressed={hours === trend.hours}
            onClick={() => show({ ...trend, hours })}
          >
            {duration(hours * 3600)}
          </button>
        ))}
      </fieldset>
    </div>
  );
}

type AnswerProps = { readonly trend: Trend; readonly scene: Scene };

function Answer({ trend, scene }: AnswerProps) {
  const { words } = useLanguage();
  const { kind, field, by, hours } = trend;
  const [from, to] = useStretch(hours * HOUR_MS, PACE_MS);
  const { answer, error } = useAsked<Totals>("living-map/totals", {
    type: kind.name,
    field: field.name,
    by: by || undefined,
    from: textOf(from),
    to: textOf(to),
    points: POINTS[hours],
    limit: MOST_ITEMS,
  });
  const totals = useLast(answer);
  if (!totals) return <p className="padded muted">{error ? words.trends.failed : words.events.reading}</p>;
  const unusual = totals.items.filter((one) => one.unusual);
  return (
    <div className="scroll padded trends">
      <Whole totals={totals} trend={trend} />
      {totals.items.length > 0 && (
        <>
          <h3>
            {words.trends.unusual} {unusual.length > 0 && <span className="count">{unusual.length}</span>}
          </h3>
          {unusual.length > 0 ? (
            <TrendItems items={unusual} totals={totals} trend={trend} scene={scene} />
          ) : (
            <p className="trends-note">{hasUsual(totals) ? words.trends.none : words.trends.tooEarly}</p>
          )}
          <h3>{words.trends.ranked}</h3>
          <TrendItems items={totals.items.slice(0, MOST_ITEMS)} totals={totals} trend={trend} scene={scene} />
        </>
      )}
      <Notes totals={totals} />
    </div>
  );
}

function hasUsual({ usual, items }: Totals): boolean {
  return usual !== null || items.some((one) => one.usual !== null);
}

/** What the number comes to in all. */
function Whole({ totals, trend }: { readonly totals: Totals; readonly trend: Trend }) {
  const language = useLanguage();
  const { words, fill } = language;
  const { kind, field } = trend;
  const unusual = unusualText(totals, trend, language);
  const partly = knownText(totals, kind, language);
  if (totals.points.length === 0) return <Empty title={field.label}>{words.trends.nothing}</Empty>;
  return (
    <section className="trend-all">
      <p>
        <strong>{totals.now === null ? "–" : fieldText(totals.now, field, kind, language)}</strong>{" "}
        <span className="muted">
          {field.label}
          {!partly && ` · ${counted(totals.things, kind, language)}`}
        </span>
      </p>
      {partly && (
        <p className="trend-partly">
          <Mark tone="warn" />
          {partly}
        </p>
      )}
      {unusual ? (
        <p className="trend-unusual">
          <Mark tone="warn" />
          {unusual}
        </p>
      ) : (
        totals.usual && (
          <p className="trends-note">
            {fill(words.trends.usually, { usual: fieldText(totals.usual.median, field, kind, language) })}
          </p>
        )
      )}
      <Course course={totals} totals={totals} trend={trend} />
    </section>
  );
}

/** What the answer leaves out, and what it means by unusual. */
function Notes({ totals }: { readonly totals: Totals }) {
  const { words, fill, plural, number } = useLanguage();
  const days = Math.max(0, ...[totals, ...totals.items].map(({ usual }) => usual?.days ?? 0));
  return (
    <>
      {totals.more > 0 && <p className="trends-note">{plural(totals.more, words.trends.more)}</p>}
      {totals.left_out > 0 && (
        <p className="trends-note">{fill(words.trends.leftOut, { n: number(totals.left_out) })}</p>
      )}
      {days > 0 && <p className="trends-note">{fill(words.trends.basis, { days })}</p>}
    </>
  );
}
