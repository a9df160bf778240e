import type { MapEvent } from "../client/messages.ts";
import type { Scene } from "../client/scene.ts";
import { reach } from "../client/time.ts";
import { changedOf, isUnchanged, UNCHANGED } from "../domain/changed.ts";
import { sentence } from "../domain/events.ts";
import { eventOf, type HistoryEntry, type HistoryPage } from "../domain/history.ts";
import { entryOf, REFRESHED } from "../domain/occurrences.ts";
import { useLanguage } from "../i18n/i18n.tsx";
import { ChangedText } from "./ChangedText.tsx";
import { goTo } from "./moment.ts";
import { useRegistry } from "./registry.tsx";
import { useSentences } from "./sentences.tsx";

const MOST = 50;

type HistoryProps = {
  readonly id: string;
  /** Null until it has been read. */
  readonly page: HistoryPage | null;
  readonly failed: boolean;
  readonly live: readonly MapEvent[];
  readonly scene: Scene;
};

/** What happened to a thing and what that changed of it, the newest first. */
export function History({ id, page, failed, live, scene }: HistoryProps) {
  const { words } = useLanguage();
  const recorded = page?.items ?? NO_ENTRIES;
  const newest = recorded[0]?.timestamp ?? "";
  const fresh = live.filter((one) => one.timestamp > newest).map(entryOf);
  const all = [...fresh, ...recorded].slice(0, MOST);
  return (
    <section>
      <h3>{words.details.history}</h3>
      {failed && <p className="muted">{words.details.historyFailed}</p>}
      {!failed && !page && all.length === 0 && <p className="muted">{words.events.reading}</p>}
      {!failed && page && all.length === 0 && <NothingYet page={page} />}
      <ol className="history">
        {all.map((entry) => (
          <Entry key={entry.id} id={id} entry={entry} scene={scene} isFresh={fresh.includes(entry)} />
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
  readonly id: string;
  readonly entry: HistoryEntry;
  readonly scene: Scene;
  /** Whether it has just arrived, and does not say what was before. */
  readonly isFresh: boolean;
};

function Entry({ id, entry, scene, isFresh }: EntryProps) {
  const language = useLanguage();
  const table = useSentences();
  const registry = useRegistry();
  const { timestamp, event_type } = entry;
  const changed = isFresh ? UNCHANGED : changedOf(entry, id, { scene, registry, language, table });
  const isChange = event_type === REFRESHED && !isUnchanged(changed);
  const text = isChange ? "" : sentence(eventOf(entry), scene, registry, language, table);
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
