import { useEffect, useMemo, useRef, useState } from "react";
import type { MapEvent } from "../client/messages.ts";
import type { components } from "../client/openapi.ts";
import type { Item, Scene } from "../client/scene.ts";
import type { MapState } from "../client/state.ts";
import { labelOf, typeOf } from "../domain/entities.ts";
import { sentence, subjectOf } from "../domain/events.ts";
import { numberIn } from "../domain/json.ts";
import { shareOf } from "../domain/loads.ts";
import { kindOfId } from "../domain/registry.ts";
import { wholeItem } from "../domain/relations.ts";
import { conditionOf } from "../domain/status.ts";
import { LIVELY, SHARES, valuesOf } from "../domain/values.ts";
import { numberWord } from "../domain/words.ts";
import { useLanguage } from "../i18n/i18n.tsx";
import { useAsked } from "./asked.ts";
import { IconButton, LoadBar, StatusChip, TypeName } from "./bits.tsx";
import { Facts } from "./Facts.tsx";
import { TypeIcon } from "./icons.tsx";
import { Relations } from "./Relations.tsx";
import { Sparkline } from "./Sparkline.tsx";
import { type Samples, useSamples } from "./samples.ts";
import { useSentences } from "./sentences.tsx";
import { go } from "./url.ts";

type DetailsProps = { readonly id: string; readonly state: MapState; readonly onShow: (id: string) => void };

/** One thing in full: its status, its live values, its relations, its history and all its fields. */
export function Details({ id, state, onShow }: DetailsProps) {
  const { words } = useLanguage();
  const { scene, events } = state.data;
  const item = wholeItem(scene, id);
  const title = useRef<HTMLHeadingElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another pick moves the focus to its title
  useEffect(() => title.current?.focus({ preventScroll: true }), [id]);
  return (
    <aside className="details" aria-label={words.details.label}>
      <header>
        <TypeIcon type={typeOf(id)} />
        <div className="details-title">
          <h2 ref={title} tabIndex={-1}>
            {item ? labelOf(item) : id}
          </h2>
          <p>
            <TypeName type={typeOf(id)} />
            {item && <StatusChip status={conditionOf(item)} type={typeOf(id)} />}
          </p>
        </div>
        <IconButton icon="close" label={words.details.close} onClick={() => go({ select: null })} />
      </header>
      {item ? (
        <Sections key={id} id={id} item={item} scene={scene} events={events} onShow={onShow} />
      ) : (
        <p className="padded">{words.details.missing}</p>
      )}
    </aside>
  );
}

type SectionsProps = {
  readonly id: string;
  readonly item: Item;
  readonly scene: Scene;
  readonly events: readonly MapEvent[];
  readonly onShow: (id: string) => void;
};

function Sections({ id, item, scene, events, onShow }: SectionsProps) {
  const { words } = useLanguage();
  const own = events.filter((event) => concerns(event, id, scene));
  const history = useAsked<HistoryPage>("living-map/history", { entity_id: id, limit: 50 });
  const earlier = useMemo(() => earlierSamples(history.answer?.items ?? []), [history.answer]);
  const described = useAsked<EntityDetails>(`living-map/entities/${encodeURIComponent(id)}`, {});
  return (
    <div className="scroll padded">
      {typeof item.description === "string" && item.description && (
        <p className="description">{item.description}</p>
      )}
      <div className="actions">
        <button type="button" className="button" onClick={() => onShow(id)}>
          {words.details.show}
        </button>
        {described.answer?.links.map(({ source, url }) => (
          <OpenLink key={url} source={source} url={url} />
        ))}
        <CopyLink />
      </div>
      <Live id={id} item={item} earlier={earlier} />
      <Relations item={item} scene={scene} />
      <History recorded={history.answer?.items ?? []} failed={history.error !== null} live={own} scene={scene} />
      <Facts
        item={described.answer ? ({ ...described.answer.data, ...item } as Item) : item}
        sources={described.answer?.sources ?? {}}
        scene={scene}
      />
    </div>
  );
}

type HistoryPage = components["schemas"]["HistoryPage"];
type EntityDetails = components["schemas"]["EntityDetails"];

function concerns(event: MapEvent, id: string, scene: Scene): boolean {
  return (
    event.changes.some((change) => change.op !== "total" && change.id === id) || subjectOf(event, scene) === id
  );
}

/** A page about the thing elsewhere. It learns neither the map's address nor its window. */
function OpenLink({ source, url }: { readonly source: string; readonly url: string }) {
  const { words, fill } = useLanguage();
  if (!/^(https?|mailto):/.test(url)) return null;
  return (
    <a
      className="button"
      href={url}
      target="_blank"
      rel="noopener noreferrer"
      title={fill(words.details.at, { source, url })}
    >
      {words.details.open}
    </a>
  );
}

function CopyLink() {
  const { words } = useLanguage();
  const [isCopied, setCopied] = useState(false);
  const copy = () => navigator.clipboard?.writeText(location.href).then(() => setCopied(true));
  return (
    <button type="button" className="button quiet" onClick={copy}>
      {isCopied ? words.details.copied : words.details.copy}
    </button>
  );
}

/** Return samples from the node's own messages in the history, so that the line does not begin at nothing. */
function earlierSamples(items: HistoryPage["items"]): Samples {
  const samples = new Map<string, { at: number; value: number }[]>();
  for (const { timestamp, event_type, payload } of items.toReversed()) {
    if (!event_type.startsWith("node.metrics.")) continue;
    for (const name of ["cpu", "gpu", "ram"]) {
      const value = shareOf(numberIn(payload as Item, name));
      if (value === undefined) continue;
      const list = samples.get(name) ?? [];
      list.push({ at: Date.parse(timestamp), value });
      samples.set(name, list);
    }
  }
  return samples;
}

function Live({ id, item, earlier }: { readonly id: string; readonly item: Item; readonly earlier: Samples }) {
  const language = useLanguage();
  const { words, number } = language;
  const kind = kindOfId(id);
  const samples = useSamples(id, earlier);
  const values = valuesOf(item);
  if (values.size === 0) return null;
  return (
    <section>
      <h3>{words.details.live}</h3>
      <div className="live">
        {[...values].sort(livelyFirst).map(([name, value]) => (
          <div key={name} className="live-value">
            {SHARES.has(name) ? (
              <LoadBar label={numberWord(name, kind, language)} load={value} />
            ) : (
              <p className="live-number">
                <span>{numberWord(name, kind, language)}</span>
                <strong>{number(value)}</strong>
              </p>
            )}
            {LIVELY.has(name) && <Sparkline samples={samples.get(name) ?? []} share={SHARES.has(name)} />}
          </div>
        ))}
      </div>
    </section>
  );
}

function livelyFirst([one]: readonly [string, number], [other]: readonly [string, number]): number {
  return Number(LIVELY.has(other)) - Number(LIVELY.has(one));
}

type HistoryProps = {
  readonly recorded: HistoryPage["items"];
  readonly failed: boolean;
  readonly live: readonly MapEvent[];
  readonly scene: Scene;
};

function History({ recorded, failed, live, scene }: HistoryProps) {
  const language = useLanguage();
  const table = useSentences();
  const { words } = language;
  const newest = recorded[0]?.timestamp ?? "";
  const asEvents = recorded.map(
    (one) => ({ ...one, kind: "event", cursor: one.id, changes: [] }) as unknown as MapEvent,
  );
  const all = [...live.filter((one) => one.timestamp > newest), ...asEvents].slice(0, 50);
  return (
    <section>
      <h3>{words.details.history}</h3>
      {failed && <p className="muted">{words.details.historyFailed}</p>}
      {!failed && all.length === 0 && <p className="muted">{words.details.noHistory}</p>}
      <ol className="history">
        {all.map((event) => (
          <li key={event.cursor}>
            <time dateTime={event.timestamp} title={language.date(event.timestamp)}>
              {language.time(event.timestamp)}
            </time>
            <span title={event.event_type}>{sentence(event, scene, language, table)}</span>
          </li>
        ))}
      </ol>
    </section>
  );
}
