import { lazy, Suspense, useEffect, useMemo, useRef } from "react";
import type { MapEvent } from "../client/messages.ts";
import type { components } from "../client/openapi.ts";
import type { Item, Scene } from "../client/scene.ts";
import type { MapState } from "../client/state.ts";
import { labelOf, typeOf } from "../domain/entities.ts";
import { subjectOf } from "../domain/events.ts";
import type { HistoryPage } from "../domain/history.ts";
import type { Registry } from "../domain/registry.ts";
import { wholeItem } from "../domain/relations.ts";
import { conditionOf, UNKNOWN } from "../domain/status.ts";
import { valuesOf } from "../domain/values.ts";
import { useLanguage } from "../i18n/i18n.tsx";
import { Around } from "./Around.tsx";
import { useAsked } from "./asked.ts";
import { IconButton, StatusChip, TypeName } from "./bits.tsx";
import { Dependents } from "./Dependents.tsx";
import { Facts, Properties } from "./Facts.tsx";
import { History } from "./History.tsx";
import { TypeIcon } from "./icons.tsx";
import { Live } from "./Live.tsx";
import { textOf, useAskedMoment, useHistoryEnd, useNewest, usePast, useTime } from "./moment.ts";
import { Relations } from "./Relations.tsx";
import { useRegistry } from "./registry.tsx";
import { Share } from "./Share.tsx";
import { Since } from "./Since.tsx";
import { useAge } from "./trust.tsx";
import { marksOf, useTurns } from "./turns.ts";
import { go, usePlace } from "./url.ts";

const Day = lazy(() => import("./Day.tsx"));

type DetailsProps = { readonly id: string; readonly state: MapState; readonly onShow: (id: string) => void };

/** One thing in full: its status, its live values, its relations, its history and all its fields. */
export function Details({ id, state, onShow }: DetailsProps) {
  const { words } = useLanguage();
  const { scene, events } = state.data;
  const registry = useRegistry();
  const item = wholeItem(scene, id, registry);
  const isPast = usePast();
  const { day } = usePlace();
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
            <Then state={state} type={typeOf(id)} />
          </p>
        </div>
        <IconButton icon="close" label={words.details.close} onClick={() => go({ select: null })} />
      </header>
      {item && day ? (
        <Suspense fallback={<p className="padded muted">{words.events.reading}</p>}>
          <Day key={`${id} ${day}`} item={item} scene={scene} day={day} />
        </Suspense>
      ) : item ? (
        <Sections key={id} id={id} item={item} scene={scene} events={events} onShow={onShow} />
      ) : (
        <p className="padded">{isPast ? words.details.notThen : words.details.missing}</p>
      )}
    </aside>
  );
}

/** The moment that all of it is of, where that is not the present. */
function Then({ state: { time }, type }: { readonly state: MapState; readonly type: string }) {
  const { words, moment, fill } = useLanguage();
  const age = useAge(type);
  if (time.mode === "past" && time.moment !== null) return <span className="then">{moment(time.moment)}</span>;
  if (!age || age.since === null) return null;
  return <span className="as-of">{fill(words.trust.asOf, { moment: moment(age.since) })}</span>;
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
  const at = useAskedMoment();
  const until = useHistoryEnd();
  const history = useAsked<HistoryPage>("living-map/history", { entity_id: id, limit: 50, until });
  const turns = useTurns(item, kind);
  const marks = useMemo(() => marksOf(turns, kind), [turns, kind]);
  const described = useAsked<EntityDetails>(`living-map/entities/${encodeURIComponent(id)}`, { at });
  return (
    <div className="scroll padded">
      <Since turns={turns} kind={kind} />
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
        <DayButton />
        <PinButton id={id} />
        <Share />
      </div>
      <Live id={id} kind={kind} values={values} marks={marks} sources={described.answer?.sources ?? {}} />
      <Properties item={item} kind={kind} shown={[...values.keys()]} scene={scene} />
      <Relations item={item} scene={scene} />
      <Dependents id={id} scene={scene} />
      {turns[0] && !turns[0].came && <Around item={item} scene={scene} turn={turns[0]} />}
      <History id={id} page={history.answer} failed={history.error !== null} live={own} scene={scene} />
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

/** Shows the day of the thing: of the moment that is shown, and else today. */
function DayButton() {
  const { words } = useLanguage();
  const newest = useNewest(DAY_MS);
  const { moment } = useTime();
  return (
    <button
      type="button"
      className="button"
      onClick={() => go({ day: textOf(new Date(moment ?? newest).setHours(0, 0, 0, 0)) })}
    >
      {words.day.open}
    </button>
  );
}

/** So often what is today is looked at. */
const DAY_MS = 60_000;

/** Shows only this and what depends on it, or everything again. */
function PinButton({ id }: { readonly id: string }) {
  const { words } = useLanguage();
  const isPinned = usePlace().only === id;
  return (
    <button
      type="button"
      className="button"
      aria-pressed={isPinned}
      onClick={() => go({ only: isPinned ? null : id, view: null })}
    >
      {isPinned ? words.pin.everything : words.pin.this}
    </button>
  );
}
