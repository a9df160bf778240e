import { useEffect, useRef } from "react";
import type { MapState } from "../client/state.ts";
import { nameOf, typeOf } from "../domain/entities.ts";
import { fullName } from "../domain/names.ts";
import { wholeItem } from "../domain/relations.ts";
import { conditionOf, UNKNOWN } from "../domain/status.ts";
import { useLanguage } from "../i18n/i18n.tsx";
import { IconButton, StatusChip, TypeName } from "./bits.tsx";
import { TypeIcon } from "./icons.tsx";
import { later } from "./later.tsx";
import { usePast } from "./moment.ts";
import { useRegistry } from "./registry.tsx";
import { go, usePlace } from "./url.ts";

const Sections = later(() => import("./Sections.tsx"));
const Day = later(() => import("./Day.tsx"));

type DetailsProps = { readonly id: string; readonly state: MapState; readonly onShow: (id: string) => void };

/** One thing in full: its status, its live values, its relations, its history and all its fields. */
export function Details({ id, state, onShow }: DetailsProps) {
  const { words } = useLanguage();
  const { scene, events } = state.data;
  const registry = useRegistry();
  const item = wholeItem(scene, id, registry);
  const name = useLast(item && fullName(item, scene, registry), id);
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
            {name}
          </h2>
          <p>
            <span>
              <TypeName type={typeOf(id)} />
            </span>
            {condition !== UNKNOWN && <StatusChip status={condition} type={typeOf(id)} />}
            <Then state={state} />
          </p>
        </div>
        <IconButton icon="close" label={words.details.close} onClick={() => go({ select: null })} />
      </header>
      {item && day ? (
        <Day key={`${id} ${day}`} item={item} scene={scene} day={day} />
      ) : item ? (
        <Sections key={id} id={id} item={item} scene={scene} events={events} onShow={onShow} />
      ) : (
        <p className="padded">{isPast ? words.details.notThen : words.details.missing}</p>
      )}
    </aside>
  );
}

/** The moment that all of it is of, where that is not the present. */
function Then({ state: { time } }: { readonly state: MapState }) {
  const { moment } = useLanguage();
  if (time.mode === "live" || time.moment === null) return null;
  return <span className="then">{moment(time.moment)}</span>;
}

/** What a thing was called last, also once it is gone; before that, what its id says. */
function useLast(name: string | undefined, id: string): string {
  const last = useRef<{ readonly id: string; readonly name: string } | null>(null);
  if (name !== undefined) last.current = { id, name };
  return last.current?.id === id ? last.current.name : nameOf(id, undefined);
}
