import { useId, useMemo, useState } from "react";
import type { Scene } from "../client/scene.ts";
import { catalogue, type Entity } from "../domain/catalogue.ts";
import { countsOf, dependentsOf } from "../domain/dependents.ts";
import { nameOfId } from "../domain/names.ts";
import type { Report, Trouble } from "../domain/troubles.ts";
import { counted } from "../domain/words.ts";
import { useLivingMapClient } from "../hooks/LivingMapProvider.tsx";
import { useLanguage } from "../i18n/i18n.tsx";
import { Acknowledge } from "./Acknowledge.tsx";
import { useNow } from "./calm.ts";
import { Icon, Mark, TypeIcon } from "./icons.tsx";
import { useRegistry } from "./registry.tsx";
import { troubleName, troubleText } from "./troubleWords.ts";
import { go } from "./url.ts";

type LineProps = {
  readonly trouble: Trouble;
  /** Whether it has ended since it was listed. */
  readonly isOver: boolean;
  readonly scene: Scene;
  readonly onPick: (id: string) => void;
};

/** One thing that is in trouble: what is wrong, since when, and whom it affects; opened also what to do. */
export function TroubleLine({ trouble, isOver, scene, onPick }: LineProps) {
  const language = useLanguage();
  const { words, fill } = language;
  const registry = useRegistry();
  const client = useLivingMapClient();
  const [isOpen, setOpen] = useState(false);
  const more = useId();
  const { entity, key, tone, reports } = trouble;
  const text = isOver ? words.problems.over : troubleText(trouble, registry, language);
  const affected = useAffected(trouble, scene);
  const hasMore = reports.length > 0;
  const pick = () => {
    if (entity) onPick(entity.id);
    else if (key.startsWith("source ")) go({ panel: "sources" });
    else setOpen(!isOpen);
  };
  return (
    <li className={`trouble ${isOpen ? "is-open" : ""} ${isOver ? "is-over" : ""}`}>
      <div className="trouble-head">
        <button type="button" className="line" onClick={pick}>
          {entity ? <TypeIcon type={entity.type} /> : <Icon name="sources" />}
          <span className="line-text">
            <span className="line-name">{troubleName(trouble, language)}</span>
            {text && <span className={`line-more tone-text tone-${isOver ? "good" : tone}`}>{text}</span>}
            <span className="line-more">
              <Since trouble={trouble} />
              {affected.next && <span>{fill(words.problems.affects, { what: affected.next })}</span>}
            </span>
          </span>
          <span className="line-status">
            <Mark tone={isOver ? "good" : tone} />
          </span>
        </button>
        {hasMore && (
          <button
            type="button"
            className="icon-button trouble-more"
            aria-expanded={isOpen}
            aria-controls={more}
            title={words.problems.more}
            aria-label={`${words.problems.more}: ${troubleName(trouble, language)}`}
            onClick={() => setOpen(!isOpen)}
          >
            <Icon name={isOpen ? "up" : "down"} />
          </button>
        )}
      </div>
      <Seen reports={reports} scene={scene} />
      {isOpen && hasMore && (
        <div id={more} className="trouble-text">
          {uniqueBy(reports, ({ code }) => code).map((report) => (
            <p key={report.id}>
              <Coded text={report.meaning} /> <strong>{words.problems.todo}</strong> <Coded text={report.todo} />
              {report.detail && <span className="source-error">{report.detail}</span>}{" "}
              <a href={client.http.address(report.link).href} target="_blank" rel="noopener">
                {words.problems.about}
              </a>
            </p>
          ))}
          {affected.further && <p>{fill(words.problems.further, { what: affected.further })}</p>}
          <Acknowledge reports={reports} />
        </div>
      )}
    </li>
  );
}

/** A text in which what stands between grave accents is code. */
function Coded({ text }: { readonly text: string }) {
  return text.split("`").map((part, at) => (at % 2 === 0 ? part : <code key={part}>{part}</code>));
}

function uniqueBy<T>(list: readonly T[], key: (one: T) => string): readonly T[] {
  return [...new Map(list.map((one) => [key(one), one])).values()];
}

function Since({ trouble: { since, isAtLeast } }: { readonly trouble: Trouble }) {
  const { words, fill, when, agoLong } = useLanguage();
  const now = useNow(5000);
  if (since === null) return null;
  const text = fill(isAtLeast ? words.problems.atLeastSince : words.problems.since, { moment: when(since) });
  return <span title={agoLong((now - since) / 1000)}>{text}</span>;
}

type Affected = { readonly next: string; readonly further: string };

/** Return whom it affects, counted: what depends on a thing, and on that, or what a source reports. */
function useAffected({ entity, source, key }: Trouble, scene: Scene): Affected {
  const language = useLanguage();
  const registry = useRegistry();
  return useMemo(() => {
    const text = (ids: readonly string[]) =>
      language.list(countsOf(ids, registry).map(({ kind, count }) => counted(count, kind, language)));
    if (entity) {
      const [next = [], ...further] = dependentsOf([entity.id], scene, registry);
      return { next: text(next), further: text(further.flat()) };
    }
    const reported = ({ type }: Entity) => registry.kindOf(type).sources[0] === source;
    const own = key.startsWith("source ") && source ? catalogue(scene, registry).filter(reported) : [];
    return { next: text(own.map(({ id }) => id)), further: "" };
  }, [entity, source, key, scene, registry, language]);
}

/** Who has seen it, until when it is quiet, and what they noted. */
function Seen({ reports, scene }: { readonly reports: readonly Report[]; readonly scene: Scene }) {
  const language = useLanguage();
  const { words, fill, when } = language;
  const registry = useRegistry();
  const one = reports.find(({ acknowledgement }) => acknowledgement !== null)?.acknowledgement;
  if (!one) return null;
  const who = one.by === null ? words.problems.somebody : nameOfId(one.by, scene, registry, language);
  const values = { who, until: when(Date.parse(one.until)) };
  return (
    <p className="trouble-seen">
      {fill(words.problems.seenBy, values)}
      {one.note && <q>{one.note}</q>}
    </p>
  );
}
