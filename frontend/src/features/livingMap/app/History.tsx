import type { MapEvent } from "../client/messages.ts";
import type { Scene } from "../client/scene.ts";
import { reach } from "../client/time.ts";
import { type Changed, changedOf, isNothing } from "../domain/changed.ts";
import { sentence } from "../domain/events.ts";
import { eventOf, type HistoryEntry, type HistoryPage, keyOf } from "../domain/history.ts";
import { entryOf, REFRESHED, type Reading } from "../domain/occurrences.ts";
import { useLanguage } from "../i18n/i18n.tsx";
import { ChangedText } from "./ChangedText.tsx";
import { goTo } from "./moment.ts";
import { NewLines } from "./NewLines.tsx";
import { useHeldList, useReading } from "./reading.ts";
import { useRegistry } from "./registry.tsx";
import { useSentences } from "./sentences.tsx";

const MOST = 50;

type HistoryProps = {
  readonly id: string;
  /** The moment that is shown, where that is not the present. */
  readonly until: string | undefined;
  /** Null until it has been read. */
  readonly page: HistoryPage | null;
  readonly failed: boolean;
  readonly live: readonly MapEvent[];
  readonly scene: Scene;
};

/** What happened to a thing and what that changed of it, the newest first. */
export function History({ id, until, page, failed, live, scene }: HistoryProps) {
  const language = useLanguage();
  const { words } = language;
  const recorded = page?.items ?? NO_ENTRIES;
  const newest = recorded[0]?.timestamp ?? "";
  const fresh = live.filter((one) => one.timestamp > newest).map(entryOf);
  const by = { scene, registry: useRegistry(), language, table: useSentences() };
  const all = [...fresh, ...recorded]
    .map((entry) => ({ key: keyOf(entry), entry, changed: changedOf(entry, id, by) }))
    .filter(({ entry, changed }) => !isNothing(entry, changed))
    .slice(0, MOST);
  const { isRead, box } = useReading();
  const { listed, waiting, release } = useHeldList(all, `${id} ${until}`, isRead && page !== null);
  return (
    <section>
      <h3>
        {words.details.history}
        <NewLines waiting={waiting} onShow={release} />
      </h3>
      {failed && <p className="muted">{words.details.historyFailed}</p>}
      {!failed && !page && listed.length === 0 && <p className="muted">{words.events.reading}</p>}
      {!failed && page && listed.length === 0 && <NothingYet page={page} />}
      <ol ref={box} className="history">
        {listed.map(({ key, entry, changed }) => (
          <Entry key={key} entry={entry} changed={changed} by={by} />
        ))}
      </ol>
    </section>
  );
}

const NO_ENTRIES: readonly HistoryEntry[] = [];

/** Nothing has happened for as long as the map remembers; before that, nobody knows. */
function NothingYet({ page: { oldest_available } }: { readonly page: HistoryPage }) {
  const { words, fill, moment } = useLanguage();
  const text =
    oldest_available === null
      ? words.details.noHistory
      : fill(words.details.noHistorySince, { moment: moment(Date.parse(oldest_available)) });
  return <p className="muted">{text}</p>;
}

type EntryProps = {
  readonly entry: HistoryEntry;
  readonly changed: Changed;
  readonly by: Reading;
};

function Entry({ entry, changed, by: { scene, registry, language, table } }: EntryProps) {
  const { timestamp, event_type } = entry;
  const isPoll = event_type === REFRESHED;
  const text = isPoll ? "" : sentence(eventOf(entry), scene, registry, language, table);
  return (
    <li>
      <button
        type="button"
        title={`${language.words.time.go}: ${language.date(timestamp)}`}
        onClick={() => goTo(reach(timestamp), true)}
      >
        <time dateTime={timestamp}>{language.when(Date.parse(timestamp))}</time>
      </button>
      <span title={event_type}>
        {text}
        <ChangedText changed={changed} isMuted={text !== ""} />
      </span>
    </li>
  );
}
