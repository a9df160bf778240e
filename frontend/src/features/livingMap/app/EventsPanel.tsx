import { useState } from "react";
import type { MapEvent } from "../client/messages.ts";
import type { Scene } from "../client/scene.ts";
import type { MapState } from "../client/state.ts";
import { useLivingMapClient } from "../hooks/LivingMapProvider.tsx";
import { useLanguage } from "../i18n/i18n.tsx";
import { Empty } from "./bits.tsx";
import { EVENT_KINDS, type EventKind, kindOf, say, subjectOf } from "./happenings.ts";
import { Icon, type IconName } from "./icons.tsx";

const ICONS: Readonly<Record<EventKind, IconName>> = {
  all: "events",
  people: "messaging",
  agents: "agents",
  nodes: "nodes",
  dao: "dao",
  sources: "sources",
};
const MOST = 100;

/** What happens, the newest first; it can be stopped to be read, and each line leads to what it is about. */
export function EventsPanel({
  state,
  onPick,
}: {
  readonly state: MapState;
  readonly onPick: (id: string) => void;
}) {
  const { words } = useLanguage();
  const [kind, setKind] = useState<EventKind>("all");
  const { events, scene } = state.data;
  const shown = events.filter((one) => kind === "all" || kindOf(one.event_type) === kind).slice(0, MOST);
  return (
    <>
      <div className="bar">
        <label className="choice wide">
          <span>{words.events.kinds.label}</span>
          <select value={kind} onChange={(event) => setKind(event.target.value as EventKind)}>
            {EVENT_KINDS.map((one) => (
              <option key={one} value={one}>
                {words.events.kinds[one]}
              </option>
            ))}
          </select>
        </label>
        <PauseButton state={state} />
      </div>
      {shown.length === 0 ? (
        <Empty title={words.events.label}>{words.events.none}</Empty>
      ) : (
        <ol className="scroll events" aria-label={words.events.label}>
          {shown.map((event) => (
            <EventLine key={event.cursor} event={event} scene={scene} onPick={onPick} />
          ))}
        </ol>
      )}
    </>
  );
}

export function PauseButton({ state }: { readonly state: MapState }) {
  const client = useLivingMapClient();
  const { words, plural } = useLanguage();
  const { paused, held } = state;
  return (
    <button
      type="button"
      className={paused ? "pause is-paused" : "pause"}
      title={paused ? plural(held, words.events.held) : words.events.pause}
      onClick={() => (paused ? client.resume() : client.pause())}
    >
      <Icon name={paused ? "play" : "pause"} />
      {paused ? words.events.resume : words.events.pause}
      {paused && held > 0 && <span className="count">{held > 999 ? "999+" : held}</span>}
    </button>
  );
}

type LineProps = { readonly event: MapEvent; readonly scene: Scene; readonly onPick: (id: string) => void };

function EventLine({ event, scene, onPick }: LineProps) {
  const language = useLanguage();
  const subject = subjectOf(event, scene);
  const content = (
    <>
      <Icon name={ICONS[kindOf(event.event_type)]} />
      <span className="event-text">{say(event, scene, language)}</span>
      <time dateTime={event.timestamp} title={event.event_type}>
        {language.time(event.timestamp)}
      </time>
    </>
  );
  return (
    <li className={`event kind-${kindOf(event.event_type)}`}>
      {subject ? (
        <button type="button" onClick={() => onPick(subject)}>
          {content}
        </button>
      ) : (
        <div>{content}</div>
      )}
    </li>
  );
}
