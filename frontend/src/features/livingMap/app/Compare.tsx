import { useMemo } from "react";
import type { Item, Scene } from "../client/scene.ts";
import {
  dependentPairs,
  eventsOf,
  numbersOf,
  type Pair,
  type SharedMeasure,
  sharedMeasures,
} from "../domain/compare.ts";
import { typeOf } from "../domain/entities.ts";
import { axisText, fieldText } from "../domain/fields.ts";
import type { HistoryPage } from "../domain/history.ts";
import { nameOfId } from "../domain/names.ts";
import { idsAround } from "../domain/pinned.ts";
import { conditionOf, UNKNOWN } from "../domain/status.ts";
import { columnsOfTotal, knownText, mostOf, partsOf, type Totals } from "../domain/totals.ts";
import { capital } from "../domain/words.ts";
import { useLanguage } from "../i18n/i18n.tsx";
import { useAsked, useLast } from "./asked.ts";
import { IconButton, StatusChip } from "./bits.tsx";
import { Chart } from "./Chart.tsx";
import { TypeIcon } from "./icons.tsx";
import { textOf, useNewest, useStretch } from "./moment.ts";
import { useRegistry } from "./registry.tsx";
import { go } from "./url.ts";

const HOUR_MS = 3_600_000;
const AGAIN_MS = 60_000;
const POINTS = 48;
const MOST_EVENTS = 1000;
const MOST_MEASURES = 4;

type CompareProps = { readonly scene: Scene; readonly one: string; readonly other: string };

/** Two things side by side, every number on one scale. */
export default function Compare({ scene, one, other }: CompareProps) {
  const language = useLanguage();
  const { words, fill } = language;
  const registry = useRegistry();
  const ids = useMemo(() => [one, other] as const, [one, other]);
  const items = ids.map((id) => registry.find(scene, id)?.item) as [Item | undefined, Item | undefined];
  const names = ids.map((id) => nameOfId(id, scene, registry, language));
  const title = fill(words.compare.title, { one: names[0] ?? "", other: names[1] ?? "" });
  const numbers = numbersOf(items, registry, language);
  const dependents = useMemo(
    () => dependentPairs(ids, scene, registry, language),
    [ids, scene, registry, language],
  );
  const events = useEvents(ids, scene);
  return (
    <section className="compare scroll" aria-label={title}>
      <header className="compare-head">
        <h2 className="hidden">{title}</h2>
        {ids.map((id, at) => (
          <Head key={id} id={id} name={names[at] ?? id} item={items[at]} />
        ))}
        <span className="compare-tools">
          <IconButton icon="compare" label={words.compare.swap} onClick={() => go({ only: other, beside: one })} />
          <IconButton icon="close" label={words.compare.close} onClick={() => go({ beside: null })} />
        </span>
      </header>
      <Pairs title={words.compare.numbers} pairs={events ? [...numbers, events] : numbers} names={names} />
      <Pairs title={words.compare.dependents} pairs={dependents} names={names} />
      <Courses ids={ids} names={names} scene={scene} />
    </section>
  );
}

type HeadProps = { readonly id: string; readonly name: string; readonly item: Item | undefined };

function Head({ id, name, item }: HeadProps) {
  const { words } = useLanguage();
  const kind = useRegistry().kindOfId(id);
  const condition = item ? conditionOf(item, kind) : UNKNOWN;
  return (
    <div className="compare-name">
      <TypeIcon type={typeOf(id)} />
      <span>
        <button type="button" className="text-button" onClick={() => go({ select: id })}>
          {name}
        </button>
        {item ? (
          condition !== UNKNOWN && <StatusChip status={condition} type={typeOf(id)} />
        ) : (
          <span className="muted">{words.compare.missing}</span>
        )}
      </span>
    </div>
  );
}

type PairsProps = {
  readonly title: string;
  readonly pairs: readonly Pair[];
  readonly names: readonly string[];
};

function Pairs({ title, pairs, names }: PairsProps) {
  if (pairs.length === 0) return null;
  return (
    <section>
      <h3>{title}</h3>
      <table className="compare-table">
        <thead className="hidden">
          <tr>
            <th scope="col">{title}</th>
            {names.map((name, at) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: two things may have one name
              <th key={at} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {pairs.map(({ label, sides }) => {
            const most = Math.max(...sides.map((side) => Math.abs(side?.value ?? 0)));
            return (
              <tr key={label}>
                <th scope="row">{label}</th>
                {sides.map((side, at) => (
                  // biome-ignore lint/suspicious/noArrayIndexKey: a side is its place
                  <td key={at}>
                    <strong>{side?.text ?? "–"}</strong>
                    <span className={`compare-bar is-${at}`} aria-hidden="true">
                      <span style={{ width: `${most > 0 ? (100 * Math.abs(side?.value ?? 0)) / most : 0}%` }} />
                    </span>
                  </td>
                ))}
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}

/** How many events there were in the last hour; undefined until that is known. */
function useEvents(ids: readonly [string, string], scene: Scene): Pair | undefined {
  const { words, number, fill } = useLanguage();
  const registry = useRegistry();
  const to = Math.floor(useNewest(AGAIN_MS) / AGAIN_MS) * AGAIN_MS;
  const question = { since: textOf(to - HOUR_MS), until: textOf(to), limit: MOST_EVENTS };
  const page = useLast(useAsked<HistoryPage>("living-map/history", question).answer);
  const around = useMemo(() => ids.map((id) => idsAround(id, scene, registry)), [ids, scene, registry]);
  if (!page) return undefined;
  const [one, other] = around.map((own) => {
    const value = eventsOf(page.items, own);
    const text = number(value);
    return { value, text: page.next_cursor === null ? text : fill(words.compare.atLeast, { n: text }) };
  });
  return { label: capital(words.compare.events), sides: [one ?? null, other ?? null] };
}

type CoursesProps = {
  readonly ids: readonly [string, string];
  readonly names: readonly string[];
  readonly scene: Scene;
};

/** How the numbers went that add up over what refers to the two. */
function Courses({ ids, names, scene }: CoursesProps) {
  const { words } = useLanguage();
  const registry = useRegistry();
  const measures = sharedMeasures(ids, scene, registry).slice(0, MOST_MEASURES);
  if (measures.length === 0) return null;
  return (
    <section>
      <h3>{words.compare.over}</h3>
      {measures.map((one) => (
        <CoursePair key={`${one.kind.name} ${one.field.name}`} measure={one} ids={ids} names={names} />
      ))}
    </section>
  );
}

type PairProps = {
  readonly measure: SharedMeasure;
  readonly ids: readonly [string, string];
  readonly names: readonly string[];
};

function CoursePair({ measure: { kind, field, by }, ids, names }: PairProps) {
  const language = useLanguage();
  const { words } = language;
  const [from, to] = useStretch(24 * HOUR_MS);
  const totals = useLast(
    useAsked<Totals>("living-map/totals", {
      type: kind.name,
      field: field.name,
      by,
      only: ids.join(","),
      from: textOf(from),
      to: textOf(to),
      points: POINTS,
    }).answer,
  );
  if (!totals || totals.items.length === 0) return null;
  const most = Math.max(...totals.items.map(mostOf));
  const text = (value: number) => fieldText(value, field, kind, language);
  return (
    <div className="compare-pair">
      <p className="muted">
        {capital(kind.plural || kind.label)}: {field.label}
      </p>
      {ids.map((id, at) => {
        const own = totals.items.find((one) => one.id === id);
        return (
          <div key={id} className={`live-value has-chart is-${at}`}>
            <p className="live-number">
              <span>{names[at]}</span>
              <strong>{own?.now === null || own === undefined ? words.day.unknown : text(own.now)}</strong>
            </p>
            {own && knownText(own, kind, language) && (
              <p className="trend-partly">{knownText(own, kind, language)}</p>
            )}
            {own && own.points.length > 0 && (
              <Chart
                columns={columnsOfTotal(own, totals.gaps, { from, size: totals.step_seconds * 1000 })}
                from={from}
                to={to}
                isShare={false}
                range={[0, most]}
                marks={NO_MARKS}
                parts={partsOf(own, { from, size: totals.step_seconds * 1000 })}
                format={(value) => axisText(value, field, kind, language)}
              />
            )}
          </div>
        );
      })}
    </div>
  );
}

const NO_MARKS: never[] = [];
