import { useMemo } from "react";
import type { EntityDetails } from "../client/api.ts";
import type { MapEvent } from "../client/messages.ts";
import type { Item, Scene } from "../client/scene.ts";
import { subjectOf } from "../domain/events.ts";
import type { HistoryPage } from "../domain/history.ts";
import type { Registry } from "../domain/registry.ts";
import { valuesOf } from "../domain/values.ts";
import { useLanguage } from "../i18n/i18n.tsx";
import { Around } from "./Around.tsx";
import { useAsked } from "./asked.ts";
import { Dependents } from "./Dependents.tsx";
import { Facts, Properties } from "./Facts.tsx";
import { History } from "./History.tsx";
import { useWritten } from "./history.ts";
import { Live } from "./Live.tsx";
import { OpenLinks } from "./links.tsx";
import { textOf, useAskedMoment, useHistoryEnd, useNewest, useTime } from "./moment.ts";
import { BesideChoice } from "./pinned.tsx";
import { Relations } from "./Relations.tsx";
import { useRegistry } from "./registry.tsx";
import { Share } from "./Share.tsx";
import { Since } from "./Since.tsx";
import { Settled } from "./settled.tsx";
import { marksOf, useTurns } from "./turns.ts";
import { go, usePlace } from "./url.ts";

type SectionsProps = {
  readonly id: string;
  readonly item: Item;
  readonly scene: Scene;
  readonly events: readonly MapEvent[];
  readonly onShow: (id: string) => void;
};

/** All sections of the details. */
export default function Sections(props: SectionsProps) {
  return (
    <div className="scroll padded">
      <Settled>
        <AllSections {...props} />
      </Settled>
    </div>
  );
}

function AllSections({ id, item, scene, events, onShow }: SectionsProps) {
  const { words } = useLanguage();
  const registry = useRegistry();
  const kind = registry.kindOfId(id);
  const values = valuesOf(item, kind);
  const own = events.filter((event) => concerns(event, id, scene, registry));
  const at = useAskedMoment();
  const until = useHistoryEnd();
  const again = useWritten(own[0]?.cursor);
  const history = useAsked<HistoryPage>("living-map/history", { entity_id: id, limit: 50, until }, again);
  const { turns, isAwaited } = useTurns(item, kind);
  const marks = useMemo(() => marksOf(turns, kind), [turns, kind]);
  const described = useAsked<EntityDetails>(`living-map/entities/${encodeURIComponent(id)}`, { at });
  return (
    <>
      <Since turns={turns} isAwaited={isAwaited} kind={kind} />
      {typeof item.description === "string" && item.description && (
        <p className="description">{item.description}</p>
      )}
      <div className="actions">
        <button type="button" className="button" onClick={() => onShow(id)}>
          {words.details.show}
        </button>
        <OpenLinks links={described.answer?.links} hasFailed={described.error !== null} />
        <DayButton />
        <PinButton id={id} />
        <BesideChoice id={id} scene={scene} />
        <Share />
      </div>
      <Live id={id} kind={kind} values={values} marks={marks} sources={described.answer?.sources ?? {}} />
      <Properties item={item} kind={kind} shown={[...values.keys()]} scene={scene} />
      <Relations item={item} scene={scene} />
      <Dependents id={id} scene={scene} />
      {turns[0] && !turns[0].came && <Around item={item} scene={scene} turn={turns[0]} />}
      <History
        id={id}
        until={until}
        page={history.answer}
        failed={history.error !== null}
        live={own}
        scene={scene}
      />
      <Facts
        item={described.answer ? ({ ...described.answer.data, ...item } as Item) : item}
        kind={kind}
        shown={[...values.keys()]}
        sources={described.answer?.sources ?? {}}
        scene={scene}
      />
    </>
  );
}

function concerns(event: MapEvent, id: string, scene: Scene, registry: Registry): boolean {
  return (
    event.changes.some((change) => change.op !== "total" && change.id === id) ||
    subjectOf(event, scene, registry) === id
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
