/** The river is time: what happened when, and the way to any moment of it. */

import { useEffect, useMemo, useRef, useState } from "react";
import type { MapState, ShownTime, Stretch } from "../client/state.ts";
import { reach } from "../client/time.ts";
import {
  type Span,
  spanFor,
  spansFor,
  stopAfter,
  stopBefore,
  stopsOf,
  type Timeline,
  USUAL_SPAN,
} from "../domain/timeline.ts";
import { useLivingMapClient } from "../hooks/LivingMapProvider.tsx";
import { useLanguage } from "../i18n/i18n.tsx";
import { IconButton } from "./bits.tsx";
import { askedMoment, goLive, goTo, USUAL_SPEED, useGoToNewest, useNewest } from "./moment.ts";
import { RiverBar } from "./RiverBar.tsx";
import { useTimeline } from "./timeline.ts";

const POINTS = 480;
const SPEEDS = [1, 10, 60, 300, 1000] as const;

type RiverProps = { readonly state: MapState };

/** Nothing where the reader may not look back, or the map does not keep what was. */
export function River({ state }: RiverProps) {
  const { words } = useLanguage();
  const now = useNewest(1000);
  const { recording } = state;
  const [chosen, setChosen] = useState<number | null>(null);
  const { mode, moment } = state.time;
  const asked = askedMoment(state.time, now);
  const ago = moment === null ? 0 : now - moment;
  const wanted = chosen !== null && chosen >= ago ? chosen : usualSpan(ago, recording);
  const { timeline, error } = useTimeline(
    wanted,
    POINTS,
    state.data.meta !== null || mode === "past",
    recording?.to,
  );
  const isHidden = error !== null && [401, 403, 404].includes(error.status ?? 0);
  if (isHidden) return null;
  if (!timeline && !error) return <div className={`river is-${mode}`} />; // its room
  const span = recording ? spanOfRecording(recording, wanted) : spanOf(timeline, wanted, now, moment);
  return (
    <section className={`river is-${mode}`} aria-label={words.time.label}>
      {timeline && <Controls time={state.time} shown={asked ?? now} timeline={timeline} now={now} />}
      <RiverBar
        isLive={mode === "live"}
        moment={asked ?? now}
        timeline={timeline}
        span={span}
        now={now}
        hasFailed={error !== null}
      />
      <SpanChoice kept={now - Date.parse(timeline?.oldest ?? "")} span={wanted} onChoose={setChosen} />
      <TimeField moment={asked} now={now} oldest={timeline?.oldest ?? null} />
      {!recording && (
        <button
          type="button"
          className="button river-live"
          aria-pressed={mode === "live"}
          title={words.time.liveHint}
          onClick={goLive}
        >
          {words.time.live}
        </button>
      )}
    </section>
  );
}

/** Return what the river shows: no more than is kept, and a minute at least. */
function spanOf(timeline: Timeline | null, wanted: number, now: number, moment: number | null): Span {
  const oldest = Date.parse(timeline?.oldest ?? "") || now - wanted;
  const from = Math.max(now - wanted, Math.min(oldest, moment ?? oldest));
  return { from: Math.min(from, now - 60_000), to: now };
}

/** Return how much the river shows at first: a day, or all of a map without a present. */
function usualSpan(ago: number, recording: Stretch | null): number {
  if (!recording) return spanFor(ago);
  return spansFor(Date.parse(recording.to) - Date.parse(recording.from)).at(-1) ?? USUAL_SPAN;
}

/** Return what the river shows of a map without a present: nothing of before it, nothing of after it. */
function spanOfRecording({ from, to }: Stretch, wanted: number): Span {
  const end = Date.parse(to);
  return { from: Math.min(end - 1000, Math.max(end - wanted, reach(from))), to: end };
}

type ControlsProps = {
  readonly time: ShownTime;
  readonly shown: number;
  readonly timeline: Timeline;
  readonly now: number;
};

function Controls({ time: { mode, speed }, shown, timeline, now }: ControlsProps) {
  const { words } = useLanguage();
  const client = useLivingMapClient();
  const stops = useMemo(() => stopsOf(timeline), [timeline]);
  const [pace, setPace] = useState(USUAL_SPEED);
  const before = stopBefore(stops, shown);
  const after = stopAfter(stops, shown);
  const setSpeed = (next: number) => {
    setPace(next);
    // the page may not show yet that it plays
    if (client.getState().time.speed !== null) client.play(next);
  };
  return (
    <div className="river-controls">
      <IconButton
        icon="previous"
        label={words.time.previous}
        isDisabled={before === null}
        onClick={() => before !== null && goTo(before, true)}
      />
      <IconButton
        icon={speed === null ? "play" : "pause"}
        label={speed === null ? words.time.play : words.time.pause}
        isDisabled={mode === "live" || (speed === null && shown >= now)}
        onClick={() => (speed === null ? client.play(pace) : client.pause())}
      />
      <IconButton
        icon="next"
        label={words.time.next}
        isDisabled={after === null}
        onClick={() => after !== null && goTo(after, true)}
      />
      <label className="river-choice">
        <span className="hidden">{words.time.speed}</span>
        <select value={speed ?? pace} onChange={(event) => setSpeed(Number(event.target.value))}>
          {SPEEDS.map((one) => (
            <option key={one} value={one}>
              {one}×
            </option>
          ))}
        </select>
      </label>
    </div>
  );
}

type SpanProps = { readonly kept: number; readonly span: number; readonly onChoose: (span: number) => void };

function SpanChoice({ kept, span, onChoose }: SpanProps) {
  const { words, duration } = useLanguage();
  const offered = new Set([...spansFor(Number.isNaN(kept) ? USUAL_SPAN : kept), span]);
  return (
    <label className="river-choice river-span">
      <span className="hidden">{words.time.span}</span>
      <select value={span} onChange={(event) => onChoose(Number(event.target.value))}>
        {[...offered]
          .sort((one, other) => one - other)
          .map((one) => (
            <option key={one} value={one}>
              {duration(one / 1000)}
            </option>
          ))}
      </select>
    </label>
  );
}

type FieldProps = { readonly moment: number | null; readonly now: number; readonly oldest: string | null };

/** A time to be typed: taken with Enter, or when the field is left. */
function TimeField({ moment, now, oldest }: FieldProps) {
  const { words } = useLanguage();
  const goToNewest = useGoToNewest();
  const field = useRef<HTMLInputElement>(null);
  const shown = moment === null ? "" : localText(moment);
  useEffect(() => {
    if (field.current && document.activeElement !== field.current) field.current.value = shown;
  }, [shown]);
  const take = (text: string) => {
    const typed = Date.parse(text);
    if (Number.isNaN(typed) || text === shown) return;
    if (typed >= now) goToNewest();
    else goTo(typed, true);
  };
  return (
    <input
      ref={field}
      className="river-field"
      type="datetime-local"
      step={1}
      aria-label={words.time.field}
      defaultValue={shown}
      min={oldest ? localText(Date.parse(oldest)) : undefined}
      onBlur={(event) => take(event.currentTarget.value)}
      onKeyDown={(event) => event.key === "Enter" && take(event.currentTarget.value)}
    />
  );
}

/** Return a moment as the browser's field for local times has it, to the second. */
function localText(moment: number): string {
  const date = new Date(moment);
  return new Date(moment - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}
