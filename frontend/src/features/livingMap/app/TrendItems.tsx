import { useMemo, useState } from "react";
import type { Scene } from "../client/scene.ts";
import { axisText, fieldText } from "../domain/fields.ts";
import { nameOfId } from "../domain/names.ts";
import { hasMoved } from "../domain/series.ts";
import {
  columnsOfTotal,
  knownText,
  mostOf,
  partsOf,
  shadedText,
  type TotalOfOne,
  type Totals,
  type Trend,
  unusualText,
} from "../domain/totals.ts";
import { useLanguage } from "../i18n/i18n.tsx";
import { EntityLink } from "./bits.tsx";
import { Chart } from "./Chart.tsx";
import { Mark } from "./icons.tsx";
import { useRegistry } from "./registry.tsx";
import { useFirst } from "./settled.tsx";

type CourseProps = {
  readonly course: TotalOfOne | Totals;
  readonly totals: Totals;
  readonly trend: Trend;
};

/** How a number went, from nothing up. */
export function Course({ course, totals, trend: { kind, field } }: CourseProps) {
  const language = useLanguage();
  const [from, to] = [Date.parse(totals.from), Date.parse(totals.to)];
  const steps = { from, size: totals.step_seconds * 1000 };
  // biome-ignore lint/correctness/useExhaustiveDependencies: its steps are those of the totals
  const columns = useMemo(() => columnsOfTotal(course, totals.gaps, steps), [course, totals, from]);
  const shaded = shadedText(course, kind, language);
  return (
    <>
      <Chart
        columns={columns}
        from={from}
        to={to}
        isShare={false}
        range={[0, mostOf(course)]}
        marks={NO_MARKS}
        parts={partsOf(course, steps)}
        format={(one) => axisText(one, field, kind, language)}
      />
      {shaded && <p className="trends-note">{shaded}</p>}
    </>
  );
}

const NO_MARKS: never[] = [];

type ItemsProps = {
  readonly items: readonly TotalOfOne[];
  readonly totals: Totals;
  readonly trend: Trend;
  readonly scene: Scene;
};

/** Things or groups, each with its number. */
export function TrendItems({ items, totals, trend, scene }: ItemsProps) {
  const most = Math.max(...totals.items.map(mostOf));
  return (
    <ol className="trend-list">
      {items.map((one) => (
        <ItemLine key={one.id} item={one} most={most} totals={totals} trend={trend} scene={scene} />
      ))}
    </ol>
  );
}

type ItemProps = Omit<ItemsProps, "items"> & { readonly item: TotalOfOne; readonly most: number };

/** One thing or group: its share of the greatest, what is unusual in it, and opened how it went. */
function ItemLine({ item, most, totals, trend, scene }: ItemProps) {
  const language = useLanguage();
  const registry = useRegistry();
  const [isOpen, setOpen] = useState(false);
  const { kind, field } = trend;
  const { id, now } = item;
  const unusual = unusualText(item, trend, language);
  const partly = knownText(item, kind, language);
  return (
    <li className={isOpen ? "trend is-open" : "trend"}>
      <button type="button" className="trend-head" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        <span className="trend-name">
          {id === null ? language.words.trends.without : nameOfId(id, scene, registry, language)}
        </span>
        <strong>{now === null ? "–" : fieldText(now, field, kind, language)}</strong>
        <span className="trend-bar" aria-hidden="true">
          <span style={{ width: `${most > 0 ? (100 * Math.max(0, now ?? 0)) / most : 0}%` }} />
        </span>
        {unusual && (
          <span className="trend-unusual">
            <Mark tone="warn" />
            {unusual}
          </span>
        )}
        {partly && <span className="trend-partly">{partly}</span>}
      </button>
      {isOpen && <ItemCourse item={item} totals={totals} trend={trend} scene={scene} />}
    </li>
  );
}

/** How it went, unless that was a straight line when it was opened. */
function ItemCourse({ item, totals, trend, scene }: Omit<ItemProps, "most">) {
  const { id } = item;
  const columns = columnsOfTotal(item, [], { from: Date.parse(totals.from), size: totals.step_seconds * 1000 });
  const hasChart = useFirst(`${id}`, hasMoved(columns), false);
  return (
    <div className="trend-more">
      {hasChart && <Course course={item} totals={totals} trend={trend} />}
      {id !== null && <EntityLink scene={scene} id={id} />}
    </div>
  );
}
