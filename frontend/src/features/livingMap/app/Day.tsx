import { useMemo, useState } from "react";
import type { EntityDetails } from "../client/api.ts";
import type { Item, Json, Scene } from "../client/scene.ts";
import { reach } from "../client/time.ts";
import { type DayGroup, dayOf, daysAfter, groupsOf, type Span, spansOf, timesOf } from "../domain/day.ts";
import { type HistoryPage, turnsOf } from "../domain/history.ts";
import type { Kind } from "../domain/kind.ts";
import { conditionOf, toneOf } from "../domain/status.ts";
import { statusWord } from "../domain/words.ts";
import { useLivingMap } from "../hooks/selectors.ts";
import { useLanguage } from "../i18n/i18n.tsx";
import { type Asked, useAsked } from "./asked.ts";
import { IconButton } from "./bits.tsx";
import { ChangedText } from "./ChangedText.tsx";
import { DayNumbers } from "./DayNumbers.tsx";
import { Mark } from "./icons.tsx";
import { goTo, textOf, useNewest } from "./moment.ts";
import { useRegistry } from "./registry.tsx";
import { useSentences } from "./sentences.tsx";
import { go } from "./url.ts";

const MOST_EVENTS = 1000;
const AGAIN_MS = 30_000;

type DayProps = { readonly item: Item; readonly scene: Scene; readonly day: string };

/** One day of a thing, once it is known when a recording ends: until then, that stands at its start. */
export default function Day(props: DayProps) {
  const { words } = useLanguage();
  const isEndKnown = useLivingMap(({ recording }) => recording === null || recording.to !== recording.from);
  return isEndKnown ? <DayOfThing {...props} /> : <p className="padded muted">{words.events.reading}</p>;
}

/** How it was, what happened to it, and how its numbers went. */
function DayOfThing({ item, scene, day }: DayProps) {
  const { words } = useLanguage();
  const registry = useRegistry();
  const now = useNewest(AGAIN_MS);
  const { from, to } = dayOf(day, now);
  const kind = registry.kindOfId(item.id);
  const question = { entity_id: item.id, since: textOf(from), until: textOf(to), limit: MOST_EVENTS };
  const again = Math.floor(now / AGAIN_MS);
  const history = useAsked<HistoryPage>("living-map/history", question, again);
  const last = useLastOf(item.id, to < now ? to : null, history, again);
  return (
    <div className="scroll padded day">
      <DayHead from={from} to={to} now={now} />
      {history.error && <p className="muted">{words.details.historyFailed}</p>}
      {!history.answer && !history.error && <p className="muted">{words.events.reading}</p>}
      {history.answer && (
        <>
          <DayStatus item={item} last={last} kind={kind} page={history.answer} from={from} to={to} now={now} />
          <DayEvents id={item.id} page={history.answer} scene={scene} />
        </>
      )}
      <DayNumbers item={item} last={last} kind={kind} from={from} to={to} now={now} />
    </div>
  );
}

/** How a thing was at the end of its day, or is now; null where it was not there, or nobody knows, undefined until that is known. */
type Last = Item | null | undefined;

/** Ask how a thing was at the end of a day, if anything is recorded of then, or with null how it is now. */
function useLastOf(id: string, end: number | null, history: Asked<HistoryPage>, again: number): Last {
  const hasPresent = useLivingMap(({ recording }) => recording === null);
  const newest = useNewest(AGAIN_MS);
  const moment = end === null && hasPresent ? null : (end ?? newest) - 1;
  const isRecorded = moment === null || reachesBack(history, moment);
  const path = isRecorded ? `living-map/entities/${encodeURIComponent(id)}` : null;
  const at = moment === null ? undefined : textOf(moment);
  const { answer, error } = useAsked<EntityDetails>(path, { at }, again);
  const last = useMemo(() => (answer ? ({ ...answer.data, id } as Item) : null), [answer, id]);
  return last ?? (error || isRecorded === false ? null : undefined);
}

/** Whether the history goes back to a moment, or does not say how far; null until it is read. */
function reachesBack({ answer, error }: Asked<HistoryPage>, moment: number): boolean | null {
  if (!answer) return error ? true : null;
  return answer.oldest_available === null || reach(answer.oldest_available) <= moment;
}

type Times = { readonly from: number; readonly to: number; readonly now: number };

function DayHead({ from, to, now }: Times) {
  const { words, fullDay } = useLanguage();
  return (
    <div className="day-head">
      <button type="button" className="button quiet" onClick={() => go({ day: null })}>
        {words.day.back}
      </button>
      <IconButton
        icon="previous"
        label={words.day.previous}
        onClick={() => go({ day: textOf(daysAfter(from, -1)) })}
      />
      <strong>{fullDay(from)}</strong>
      <IconButton
        icon="next"
        label={words.day.next}
        isDisabled={to >= now}
        onClick={() => go({ day: textOf(to) })}
      />
    </div>
  );
}

type StatusProps = Times & {
  readonly item: Item;
  readonly last: Last;
  readonly kind: Kind;
  readonly page: HistoryPage;
};

/** How its status went through the day, and for how long it was how. */
function DayStatus({ item, last, kind, page, from, to, now }: StatusProps) {
  const language = useLanguage();
  const { words, span } = language;
  const end = Math.min(to, now);
  const condition = last ? conditionOf(last, kind) : null;
  const turns = turnsOf(page.items, item.id, kind.status, page.oldest_available);
  const oldest = page.oldest_available === null ? end : reach(page.oldest_available);
  const spans = spansOf(turns, { from: Math.max(from, Math.min(oldest, end)), to: end, last: condition });
  const word = (status: Json) =>
    typeof status === "string" ? statusWord(status, language, kind) : words.day.absent;
  const tone = (status: Json) => (typeof status === "string" ? toneOf(status, kind) : "off");
  if (spans.every(({ status }) => status === null)) return null;
  return (
    <section>
      <h3>{words.day.status}</h3>
      <div className="day-strip" aria-hidden="true">
        {spans.map((one) => (
          <Stretch key={one.from} one={one} from={from} to={to} tone={`tone-${tone(one.status)}`} />
        ))}
      </div>
      <p className="day-hours muted" aria-hidden="true">
        {[0, 1, 2, 3, 4].map((quarter) => (
          <span key={quarter}>{language.shortTime(from + (quarter * (to - from)) / 4)}</span>
        ))}
      </p>
      <ul className="day-times">
        {timesOf(spans).map(({ status, ms }) => (
          <li key={String(status)}>
            <Mark tone={tone(status)} />
            {word(status)} <strong>{span(ms / 1000)}</strong>
          </li>
        ))}
      </ul>
    </section>
  );
}

type StretchProps = { readonly one: Span; readonly from: number; readonly to: number; readonly tone: string };

function Stretch({ one, from, to, tone }: StretchProps) {
  const share = (ms: number) => `${(100 * ms) / (to - from)}%`;
  const style = { left: share(one.from - from), width: share(one.to - one.from) };
  return <span className={one.status === null ? "is-absent" : tone} style={style} />;
}

type EventsProps = {
  readonly id: string;
  readonly page: HistoryPage;
  readonly scene: Scene;
};

/** What happened to it, the same together, as sentences. */
function DayEvents({ id, page, scene }: EventsProps) {
  const language = useLanguage();
  const { words, fill } = language;
  const registry = useRegistry();
  const table = useSentences();
  const groups = useMemo(
    () => groupsOf(page.items, id, { scene, registry, language, table }),
    [page, id, scene, registry, language, table],
  );
  return (
    <section>
      <h3>
        {words.day.events} {groups.length > 0 && <span className="count">{sumOf(groups)}</span>}
      </h3>
      {groups.length === 0 && <p className="muted">{words.day.none}</p>}
      <ul className="day-groups">
        {groups.map((group) => (
          <Group key={group.eventType} group={group} />
        ))}
      </ul>
      {page.next_cursor !== null && <p className="muted">{fill(words.day.latest, { n: page.items.length })}</p>}
    </section>
  );
}

function sumOf(groups: readonly DayGroup[]): number {
  return groups.reduce((sum, { lines }) => sum + lines.length, 0);
}

const MOST_LINES = 40;

function Group({ group: { lines, isPolled } }: { readonly group: DayGroup }) {
  const { words, plural, fill, shortTime } = useLanguage();
  const [isOpen, setOpen] = useState(lines.length <= 2);
  const [first] = lines;
  if (!first) return null;
  return (
    <li className={isOpen ? "trend is-open" : "trend"}>
      <button type="button" className="day-group" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        <span>{isPolled ? words.day.polls : first.text}</span>
        <span className="count" title={plural(lines.length, words.events.count)}>
          {lines.length}
        </span>
      </button>
      {isOpen && (
        <ol className="history">
          {lines.slice(0, MOST_LINES).map(({ key, at, text, changed }) => (
            <li key={key}>
              <button type="button" title={words.time.go} onClick={() => goTo(reach(at), true)}>
                <time dateTime={at}>{shortTime(Date.parse(at))}</time>
              </button>
              <span>
                {text}
                <ChangedText changed={changed} isMuted={text !== ""} />
              </span>
            </li>
          ))}
          {lines.length > MOST_LINES && (
            <li className="muted">{fill(words.details.more, { n: lines.length - MOST_LINES })}</li>
          )}
        </ol>
      )}
    </li>
  );
}
