import { useEffect, useMemo, useRef, useState } from "react";
import type { MapEvent } from "../client/messages.ts";
import type { components } from "../client/openapi.ts";
import type { Item, Scene } from "../client/scene.ts";
import type { MapState } from "../client/state.ts";
import { labelOf, typeOf } from "../domain/entities.ts";
import { sentence, subjectOf } from "../domain/events.ts";
import type { Registry } from "../domain/registry.ts";
import { wholeItem } from "../domain/relations.ts";
import { conditionOf, UNKNOWN } from "../domain/status.ts";
import { valuesOf } from "../domain/values.ts";
import { useLanguage } from "../i18n/i18n.tsx";
import { useAsked } from "./asked.ts";
import { IconButton, StatusChip, TypeName } from "./bits.tsx";
import { Facts, Properties } from "./Facts.tsx";
import { TypeIcon } from "./icons.tsx";
import { earlierSamples, Live } from "./Live.tsx";
import { Relations } from "./Relations.tsx";
import { useRegistry } from "./registry.tsx";
import { useSentences } from "./sentences.tsx";
import { go } from "./url.ts";

type DetailsProps = { readonly id: string; readonly state: MapState; readonly onShow: (id: string) => void };

/** One thing in full: its status, its live values, its relations, its history and all its fields. */
export function Details({ id, state, onShow }: DetailsProps) {
  const { words } = useLanguage();
  const { scene, events } = state.data;
  const registry = useRegistry();
  const item = wholeItem(scene, id, registry);
  const condition = item ? conditionOf(item, registry.kindOfId(id)) : UNKNOWN;
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
            {condition !== UNKNOWN && <StatusChip status={condition} type={typeOf(id)} />}
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
  const registry = useRegistry();
  const kind = registry.kindOfId(id);
  const values = valuesOf(item, kind);
  const own = events.filter((event) => concerns(event, id, scene, registry));
  const history = useAsked<HistoryPage>("living-map/history", { entity_id: id, limit: 50 });
  const earlier = useMemo(() => earlierSamples(history.answer?.items ?? [], kind), [history.answer, kind]);
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
      <Live id={id} kind={kind} values={values} earlier={earlier} />
      <Properties item={item} kind={kind} shown={[...values.keys()]} scene={scene} />
      <Relations item={item} scene={scene} />
      <History recorded={history.answer?.items ?? []} failed={history.error !== null} live={own} scene={scene} />
      <Facts
        item={described.answer ? ({ ...described.answer.data, ...item } as Item) : item}
        kind={kind}
        shown={[...values.keys()]}
        sources={described.answer?.sources ?? {}}
        scene={scene}
      />
    </div>
  );
}

type HistoryPage = components["schemas"]["HistoryPage"];
type EntityDetails = components["schemas"]["EntityDetails"];

function concerns(event: MapEvent, id: string, scene: Scene, registry: Registry): boolean {
  return (
    event.changes.some((change) => change.op !== "total" && change.id === id) ||
    subjectOf(event, scene, registry) === id
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

type HistoryProps = {
  readonly recorded: HistoryPage["items"];
  readonly failed: boolean;
  readonly live: readonly MapEvent[];
  readonly scene: Scene;
};

function History({ recorded, failed, live, scene }: HistoryProps) {
  const language = useLanguage();
  const table = useSentences();
  const registry = useRegistry();
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
            <span title={event.event_type}>{sentence(event, scene, registry, language, table)}</span>
          </li>
        ))}
      </ol>
    </section>
  );
}
