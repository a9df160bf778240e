import { useState } from "react";
import type { MapEvent } from "../client/messages.ts";
import type { Scene } from "../client/scene.ts";
import type { MapState } from "../client/state.ts";
import { SOURCES, sentence, subjectOf, topicOf } from "../domain/events.ts";
import { useLivingMapClient } from "../hooks/LivingMapProvider.tsx";
import { useLanguage } from "../i18n/i18n.tsx";
import { Empty } from "./bits.tsx";
import { Icon, TypeIcon } from "./icons.tsx";
import { useRegistry } from "./registry.tsx";
import { useSentences } from "./sentences.tsx";

const MOST = 100;

/** What happens, the newest first. It can be paused for reading, and each line leads to what it is about. */
export function EventsPanel({
  state,
  onPick,
}: {
  readonly state: MapState;
  readonly onPick: (id: string) => void;
}) {
  const { words } = useLanguage();
  const [topic, setTopic] = useState("");
  const registry = useRegistry();
  const { events, scene } = state.data;
  const topics = new Map(events.map((one) => [one, topicOf(one, scene, registry)]));
  const shown = events.filter((one) => !topic || topics.get(one) === topic).slice(0, MOST);
  const offered = new Set([topic, SOURCES, ...topics.values()]);
  const kinds = registry.kinds.filter(({ name }) => offered.has(name));
  return (
    <>
      <div className="bar">
        <label className="choice wide">
          <span>{words.events.topics.label}</span>
          <select value={topic} onChange={(event) => setTopic(event.target.value)}>
            <option value="">{words.events.topics.all}</option>
            {kinds.map(({ name, plural, label }) => (
              <option key={name} value={name}>
                {plural || label}
              </option>
            ))}
            <option value={SOURCES}>{words.events.topics.sources}</option>
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
  const table = useSentences();
  const registry = useRegistry();
  const subject = subjectOf(event, scene, registry);
  const topic = topicOf(event, scene, registry);
  const content = (
    <>
      <TopicIcon topic={topic} />
      <span className="event-text">{sentence(event, scene, registry, language, table)}</span>
      <time dateTime={event.timestamp} title={event.event_type}>
        {language.time(event.timestamp)}
      </time>
    </>
  );
  return (
    <li className={topic && topic !== SOURCES ? "event is-about" : "event"}>
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

function TopicIcon({ topic }: { readonly topic: string }) {
  if (!topic) return <Icon name="events" />;
  return topic === SOURCES ? <Icon name="sources" /> : <TypeIcon type={topic} />;
}
