import { useMemo } from "react";
import type { Item } from "../client/scene.ts";
import { axisText, fieldText } from "../domain/fields.ts";
import type { Kind } from "../domain/kind.ts";
import { columnsOfSeries, hasMoved, type Series } from "../domain/series.ts";
import type { TypeField } from "../domain/types.ts";
import { valuesOf } from "../domain/values.ts";
import { capital, loadWord } from "../domain/words.ts";
import { useLanguage } from "../i18n/i18n.tsx";
import { useAsked } from "./asked.ts";
import { Chart } from "./Chart.tsx";
import { textOf } from "./moment.ts";

const POINTS = 96;

type Times = { readonly from: number; readonly to: number; readonly now: number };

type NumbersProps = Times & {
  readonly item: Item;
  /** How it was at the end of the day, or is now; null where that is not known, undefined until it is. */
  readonly last: Item | null | undefined;
  readonly kind: Kind;
};

/** How its numbers went that day: those that add up first. */
export function DayNumbers({ item, last, kind, from, to, now }: NumbersProps) {
  const { words } = useLanguage();
  const fields = [...valuesOf(item, kind).keys()];
  const sorted = [...fields.filter(({ additive }) => additive), ...fields.filter(({ additive }) => !additive)];
  const values = last && new Map([...valuesOf(last, kind)].map(([{ name }, value]) => [name, value]));
  if (fields.length === 0) return null;
  return (
    <section>
      <h3>{to < now ? words.day.numbers : words.day.numbersNow}</h3>
      <div className="live">
        {sorted.map((field) => (
          <DayNumber
            key={field.name}
            id={item.id}
            last={values && (values.get(field.name) ?? null)}
            kind={kind}
            field={field}
            from={from}
            to={to}
            now={now}
          />
        ))}
      </div>
    </section>
  );
}

type NumberProps = Times & {
  readonly id: string;
  /** What it was at the end; null where that is not known, undefined until it is. */
  readonly last: number | null | undefined;
  readonly kind: Kind;
  readonly field: TypeField;
};

function DayNumber({ id, last, kind, field, from, to, now }: NumberProps) {
  const language = useLanguage();
  const { words, fill, span } = language;
  const until = Math.min(to, Math.floor(now / 60_000) * 60_000);
  const question = { entity_id: id, field: field.name, from: textOf(from), to: textOf(until), points: POINTS };
  const hasBegun = until > from; // not in the first minute of today
  const { answer } = useAsked<Series>(hasBegun ? "living-map/series" : null, question);
  const columns = useMemo(
    () => columnsOfSeries(answer, [], { from, size: (until - from) / POINTS }),
    [answer, from, until],
  );
  const mean = columns.mean.filter((one) => one !== null).at(-1);
  const text = (value: number) => fieldText(value, field, kind, language);
  return (
    <div className={hasMoved(columns) ? "live-value has-chart" : "live-value"}>
      <p className="live-number">
        <span>{capital(loadWord(field.name, kind, language))}</span>
        {last !== undefined && <strong>{last === null ? words.day.unknown : text(last)}</strong>}
      </p>
      {last === null && mean !== undefined && (
        <p className="live-number">
          {fill(words.day.mean, { value: text(mean), span: span((until - from) / POINTS / 1000) })}
        </p>
      )}
      {hasMoved(columns) && (
        <Chart
          columns={columns}
          from={from}
          to={to - 1000} // without the mark of the next day
          isShare={field.kind === "ratio"}
          marks={NO_MARKS}
          format={(value) => axisText(value, field, kind, language)}
        />
      )}
    </div>
  );
}

const NO_MARKS: never[] = [];
