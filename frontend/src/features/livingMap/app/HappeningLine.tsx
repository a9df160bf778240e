import { useId, useState } from "react";
import { reach } from "../client/time.ts";
import { SOURCES } from "../domain/events.ts";
import type { Happening } from "../domain/happenings.ts";
import type { Occurrence } from "../domain/occurrences.ts";
import { useLanguage } from "../i18n/i18n.tsx";
import { Icon, Mark, TypeIcon } from "./icons.tsx";
import { goTo } from "./moment.ts";

type HappeningProps = { readonly happening: Happening; readonly onPick: (id: string) => void };

/** What happened, as one line; of several events, one that opens. */
export function HappeningLine({ happening: { text, head, lines }, onPick }: HappeningProps) {
  const { words, plural } = useLanguage();
  const [isOpen, setOpen] = useState(false);
  const list = useId();
  if (lines.length === 1) return <EventLine occurrence={head} onPick={onPick} />;
  const count = plural(lines.length, words.events.count);
  return (
    <li className="happening">
      <div className="event is-about">
        <EventContent occurrence={{ ...head, text, at: lines[0]?.at ?? head.at }} onPick={onPick}>
          <button
            type="button"
            className="event-count"
            aria-expanded={isOpen}
            aria-controls={list}
            aria-label={count}
            title={count}
            onClick={() => setOpen(!isOpen)}
          >
            {lines.length} {isOpen ? "▴" : "▾"}
          </button>
        </EventContent>
      </div>
      <ol id={list} hidden={!isOpen}>
        {lines.map((one) => (
          <EventLine key={one.key} occurrence={one} onPick={onPick} />
        ))}
      </ol>
    </li>
  );
}

type LineProps = { readonly occurrence: Occurrence; readonly onPick: (id: string) => void };

function EventLine({ occurrence, onPick }: LineProps) {
  const { topic } = occurrence;
  return (
    <li className={topic && topic !== SOURCES ? "event is-about" : "event"}>
      <EventContent occurrence={occurrence} onPick={onPick} />
    </li>
  );
}

function EventContent({ occurrence, onPick, children }: LineProps & { readonly children?: React.ReactNode }) {
  const { words, when } = useLanguage();
  const { topic, subject, text, tone, at, eventType } = occurrence;
  const content = (
    <>
      <TopicIcon topic={topic} />
      <span className="event-text">
        {tone && <Mark tone={tone} />}
        {text}
      </span>
    </>
  );
  return (
    <>
      {subject ? (
        <button type="button" className="event-main" onClick={() => onPick(subject)}>
          {content}
        </button>
      ) : (
        <div className="event-main">{content}</div>
      )}
      {children}
      <button type="button" className="event-time" title={words.time.go} onClick={() => goTo(reach(at), true)}>
        <time dateTime={at} title={eventType}>
          {when(Date.parse(at))}
        </time>
      </button>
    </>
  );
}

function TopicIcon({ topic }: { readonly topic: string }) {
  if (!topic) return <Icon name="events" />;
  return topic === SOURCES ? <Icon name="sources" /> : <TypeIcon type={topic} />;
}
