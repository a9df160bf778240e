import { useState } from "react";
import type { MapEvent } from "../client/messages.ts";
import type { Scene } from "../client/scene.ts";
import type { MapState } from "../client/state.ts";
import { sentence, subjectOf, TOPICS, type Topic, topicOf } from "../domain/events.ts";
import { useLivingMapClient } from "../hooks/LivingMapProvider.tsx";
import { useLanguage } from "../i18n/i18n.tsx";
import { Empty } from "./bits.tsx";
import { Icon, TypeIcon } from "./icons.tsx";
import { useSentences } from "./sentences.tsx";

/** The kind whose sign stands for a topic; the others have signs of the page's own. */
const TYPES: Readonly<Record<Exclude<Topic, "all" | "sources">, string>> = {
  people: "channel",
  agents: "agent",
  nodes: "node",
  dao: "dao",
};
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
  const [topic, setTopic] = useState<Topic>("all");
  const { events, scene } = state.data;
  const shown = events.filter((one) => topic === "all" || topicOf(one.event_type) === topic).slice(0, MOST);
  return (
    <>
      <div className="bar">
        <label className="choice wide">
          <span>{words.events.topics.label}</span>
          <select value={topic} onChange={(event) => setTopic(event.target.value as Topic)}>
            {TOPICS.map((one) => (
              <option key={one} value={one}>
                {words.events.topics[one]}
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
  const table = useSentences();
  const subject = subjectOf(event, scene);
  const topic = topicOf(event.event_type);
  const content = (
    <>
      <TopicIcon topic={topic} />
      <span className="event-text">{sentence(event, scene, language, table)}</span>
      <time dateTime={event.timestamp} title={event.event_type}>
        {language.time(event.timestamp)}
      </time>
    </>
  );
  return (
    <li className={`event kind-${topic}`}>
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

function TopicIcon({ topic }: { readonly topic: Topic }) {
  if (topic === "all") return <Icon name="events" />;
  return topic === "sources" ? <Icon name="sources" /> : <TypeIcon type={TYPES[topic]} />;
}
