import { useCallback, useEffect, useMemo, useRef } from "react";
import type { MapState } from "../client/state.ts";
import { labelOf } from "../domain/entities.ts";
import { SOURCES } from "../domain/events.ts";
import { happeningsOf } from "../domain/happenings.ts";
import {
  entryOf,
  isWanted,
  type Occurrence,
  type OccurrenceFilter,
  occurrencesOf,
  WEIGHTS,
  type Weight,
} from "../domain/occurrences.ts";
import { quartersIn } from "../domain/quarters.ts";
import { useLanguage } from "../i18n/i18n.tsx";
import { Empty } from "./bits.tsx";
import { HappeningLine } from "./HappeningLine.tsx";
import { type Pages, useHistory } from "./history.ts";
import { usePast } from "./moment.ts";
import { NewLines } from "./NewLines.tsx";
import { useIsShown } from "./pinned.tsx";
import { useHeldList, useReading } from "./reading.ts";
import { useRegistry } from "./registry.tsx";
import { useSentences } from "./sentences.tsx";
import { go, usePlace } from "./url.ts";

const MOST = 1000;
/** With fewer lines than this more of the history is read by itself. */
const FEW = 30;

type PanelProps = { readonly state: MapState; readonly onPick: (id: string) => void };

/** What happens and what happened, the newest first, back as far as the history goes. Each line leads to what it is about, and to its moment. */
export default function EventsPanel({ state, onPick }: PanelProps) {
  const language = useLanguage();
  const { words } = language;
  const registry = useRegistry();
  const { events: filter, only } = usePlace();
  const { isRead, box, toTop } = useReading();
  const pages = useHistory(state.data.events[0]?.cursor, isRead);
  const all = useOccurrences(state, pages, filter.place);
  const isShown = useIsShown();
  const shown = useMemo(
    () => all.filter((one) => isWanted(one, filter) && isShown(one.subject)).slice(0, MOST),
    [all, filter, isShown],
  );
  const isThere = pages.entries.length > 0 || (pages.next === null && !pages.isLoading && !pages.error);
  const question = JSON.stringify([filter, only, pages.until]);
  const { listed, waiting, release } = useHeldList(shown, question, isRead && isThere);
  const happenings = useMemo(() => happeningsOf(listed, registry, language), [listed, registry, language]);
  const { renew } = pages;
  const showNew = useCallback(async () => {
    await renew();
    release();
    toTop();
  }, [renew, release, toTop]);
  const isEnd = pages.next === null;
  return (
    <>
      <div className="bar events-bar">
        <Filters state={state} all={all} filter={filter} onFilter={(events) => go({ events })} />
        <Count count={listed.length} isEnd={isEnd} oldest={pages.entries.at(-1)?.timestamp} />
        <NewLines waiting={waiting} onShow={showNew} />
      </div>
      {listed.length === 0 && (isEnd || pages.error) && !pages.isLoading ? (
        <NoEvents pages={pages} isFiltered={all.length > 0 || filter.place !== ""} />
      ) : (
        <ol ref={box} className="scroll events" aria-label={words.events.label}>
          {happenings.map((one) => (
            <HappeningLine key={one.key} happening={one} onPick={onPick} />
          ))}
          {!isEnd && listed.length < MOST && (
            <More pages={pages} isWanted={Math.max(listed.length, shown.length) < FEW} onMore={pages.more} />
          )}
        </ol>
      )}
    </>
  );
}

/** What was read of the history, and before it what has happened since. */
function useOccurrences(
  { data: { events, scene } }: MapState,
  { entries }: Pages,
  place: string,
): readonly Occurrence[] {
  const registry = useRegistry();
  const language = useLanguage();
  const table = useSentences();
  return useMemo(() => {
    const newest = entries[0]?.timestamp ?? "";
    const fresh = events.filter(({ timestamp }) => timestamp > newest).map(entryOf);
    const reading = { scene, registry, language, table, place };
    return [...fresh, ...entries].flatMap((entry) => occurrencesOf(entry, reading));
  }, [events, entries, scene, registry, language, table, place]);
}

type CountProps = { readonly count: number; readonly isEnd: boolean; readonly oldest: string | undefined };

/** How many events are listed, and of which time: what has not been read yet is not counted. */
function Count({ count, isEnd, oldest }: CountProps) {
  const { words, plural, fill, moment } = useLanguage();
  const counted = plural(count, words.events.count);
  const since =
    oldest === undefined || isEnd ? "" : fill(words.events.since, { moment: moment(Date.parse(oldest)) });
  return (
    <p className="events-count muted" role="status">
      {[count === MOST ? fill(words.events.latest, { counted }) : counted, count === MOST ? "" : since]
        .filter(Boolean)
        .join(" ")}
    </p>
  );
}

type FiltersProps = {
  readonly state: MapState;
  readonly all: readonly Occurrence[];
  readonly filter: OccurrenceFilter;
  readonly onFilter: (filter: OccurrenceFilter) => void;
};

function Filters({ state, all, filter, onFilter }: FiltersProps) {
  const { words } = useLanguage();
  const registry = useRegistry();
  const { topics, layers, weights, places } = words.events;
  const { scene } = state.data;
  const quarters = useMemo(() => quartersIn(scene, registry), [scene, registry]);
  const isGone =
    filter.place !== "" && !quarters.some((one) => one.quarters.some(({ id }) => id === filter.place));
  const offered = new Set([filter.topic, ...all.map(({ topic }) => topic)]);
  const kinds = registry.kinds.filter(({ name }) => offered.has(name));
  return (
    <>
      <Choice label={topics.label} value={filter.topic} onChange={(topic) => onFilter({ ...filter, topic })}>
        <option value="">{topics.all}</option>
        {kinds.map(({ name, plural, label }) => (
          <option key={name} value={name}>
            {plural || label}
          </option>
        ))}
        <option value={SOURCES}>{topics.sources}</option>
      </Choice>
      <Choice label={words.search.layer} value={filter.layer} onChange={(layer) => onFilter({ ...filter, layer })}>
        <option value="">{layers.all}</option>
        {registry.layers.map(({ name, title }) => (
          <option key={name} value={name}>
            {title}
          </option>
        ))}
      </Choice>
      <Choice
        label={weights.label}
        value={filter.weight}
        onChange={(weight) => onFilter({ ...filter, weight: weight as Weight })}
      >
        {WEIGHTS.toReversed().map((one) => (
          <option key={one} value={one}>
            {weights[one]}
          </option>
        ))}
      </Choice>
      <Choice label={places.label} value={filter.place} onChange={(place) => onFilter({ ...filter, place })}>
        <option value="">{places.all}</option>
        {isGone && <option value={filter.place}>{filter.place}</option>}
        {quarters.map(({ kind, quarters: own }) => (
          <optgroup key={kind.name} label={kind.plural || kind.label}>
            {own.map((one) => (
              <option key={one.id} value={one.id}>
                {labelOf(one)}
              </option>
            ))}
          </optgroup>
        ))}
      </Choice>
    </>
  );
}

type ChoiceProps = {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly children: React.ReactNode;
};

function Choice({ label, value, onChange, children }: ChoiceProps) {
  return (
    <label className="choice wide">
      <span>{label}</span>
      <select value={value} onChange={(event) => onChange(event.target.value)}>
        {children}
      </select>
    </label>
  );
}

/** That nothing is listed has its reason, and is not always that nothing has happened. */
function NoEvents({ pages, isFiltered }: { readonly pages: Pages; readonly isFiltered: boolean }) {
  const { words, fill, moment } = useLanguage();
  const isPast = usePast();
  const { error, oldest } = pages;
  const since = oldest === null ? words.events.none : words.events.noneSince;
  const nothing = isPast
    ? words.events.noneThen
    : fill(since, { moment: oldest === null ? "" : moment(Date.parse(oldest)) });
  const text = error ? words.details.historyFailed : isFiltered ? words.events.filtered : nothing;
  return <Empty title={words.events.label}>{text}</Empty>;
}

/** So soon more of the history is read again after that failed. */
const AGAIN_MS = 5000;

/** The end of what was read: coming into sight, it reads on. */
function More({
  pages: { isLoading, error },
  isWanted: isAsked,
  onMore,
}: {
  readonly pages: Pages;
  readonly isWanted: boolean;
  readonly onMore: () => void;
}) {
  const { words } = useLanguage();
  const end = useRef<HTMLLIElement>(null);
  useEffect(() => {
    if (isAsked && !isLoading && !error) onMore();
  }, [isAsked, isLoading, error, onMore]);
  useEffect(() => {
    if (!error) return;
    const timer = setTimeout(onMore, AGAIN_MS);
    return () => clearTimeout(timer);
  }, [error, onMore]);
  useEffect(() => {
    if (!end.current || error) return;
    const observer = new IntersectionObserver(([entry]) => entry?.isIntersecting && onMore());
    observer.observe(end.current);
    return () => observer.disconnect();
  }, [onMore, error]);
  return (
    <li ref={end} className="events-more">
      <button type="button" className="button quiet" disabled={isLoading} onClick={onMore}>
        {error ? words.details.historyFailed : isLoading ? words.events.reading : words.events.earlier}
      </button>
    </li>
  );
}
