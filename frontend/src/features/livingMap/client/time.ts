/**
 * Which moment of the map is shown, as a pure state machine: the present, or one that was, still or played. It knows
 * neither requests nor sockets nor clock; `TimeTravel` does what it says.
 */

import type { Ending, Transport } from "./machine.ts";
import type { Snapshot } from "./messages.ts";

export type Time = {
  readonly phase: "live" | "loading" | "waiting" | "still" | "opening" | "playing" | "failed";
  /** What is asked for, as `at` of the API: a time, a cursor, or relative; null while live. */
  readonly at: string | null;
  /** What is asked for next, while something is still being read. */
  readonly next: string | null;
  /** The moment that is shown, in ms since 1970; null while live, and until the first one is there. */
  readonly moment: number | null;
  /** How many times as fast as it happened time goes on once the moment is there; null lets it stand still. */
  readonly speed: number | null;
  readonly transport: Transport;
  /** Attempts to read the moment that failed in a row. */
  readonly failures: number;
};

export type TimeInput =
  /** Somebody wants to see a moment. */
  | { readonly type: "seek"; readonly at: string }
  | { readonly type: "play"; readonly speed: number }
  | { readonly type: "pause" }
  | { readonly type: "live" }
  /** There is no present: this is where a recording begins. */
  | { readonly type: "record"; readonly start: Snapshot }
  /** The moment must be read anew: another person reads it. */
  | { readonly type: "again" }
  /** What failed is tried at once. */
  | { readonly type: "retry" }
  | { readonly type: "stop" }
  | { readonly type: "due" }
  | { readonly type: "loaded"; readonly moment: number; readonly at?: string }
  /** What is played has come to a moment. */
  | { readonly type: "moved"; readonly moment: number }
  /** What is played has come to the present. */
  | { readonly type: "arrived" }
  /** Nothing more is played: the end that was asked for. */
  | { readonly type: "over" }
  | { readonly type: "ended"; readonly how: Ending };

export type TimeEffect =
  | { readonly do: "load"; readonly at: string }
  | { readonly do: "open"; readonly from: string; readonly speed: number; readonly transport: Transport }
  | { readonly do: "close" }
  | { readonly do: "wait"; readonly ms: number };

export type TimeStep = { readonly time: Time; readonly effects: readonly TimeEffect[] };

export const PRESENT: Time = {
  phase: "live",
  at: null,
  next: null,
  moment: null,
  speed: null,
  transport: "websocket",
  failures: 0,
};

/** So often a moment is asked for again that the map cannot give for now, the longer the wait the later. */
const MOST_FAILURES = 5;
const FIRST_WAIT_MS = 500;

const CLOSE: TimeEffect = { do: "close" };

/** Return what follows from `input`. */
export function stepTime(time: Time, input: TimeInput): TimeStep {
  switch (input.type) {
    case "seek":
      return seek(time, input.at);
    case "live":
    case "arrived":
      return time.phase === "live" ? same(time) : { time: PRESENT, effects: [CLOSE] };
    case "play":
      return play(time, input.speed);
    case "pause":
    case "over":
      return pause(time);
    case "record":
      return time.phase === "live" ? seek(time, input.start.generated_at) : same(time);
    case "again":
      return time.at === null ? same(time) : load(time, time.next ?? time.at, [CLOSE]);
    case "retry":
      return isAtRest(time) && time.at !== null ? load({ ...time, failures: 0 }, time.at, [CLOSE]) : same(time);
    case "stop":
      return stop(time);
    case "due":
      return time.phase === "waiting" && time.at !== null ? load(time, time.at, []) : same(time);
    case "loaded":
      return time.phase === "loading" ? loaded(time, input.moment, input.at ?? time.at) : same(time);
    case "moved":
      return moved(time, input.moment);
    case "ended":
      return ended(time, input.how);
  }
}

function same(time: Time): TimeStep {
  return { time, effects: [] };
}

/** While one moment is being read, the next one waits: who drags sees some of those that pass. */
function seek(time: Time, at: string): TimeStep {
  if (time.phase === "loading") return same({ ...time, next: at === time.at ? null : at });
  return load({ ...time, failures: 0 }, at, isPlaying(time) ? [CLOSE] : []);
}

function load(time: Time, at: string, before: readonly TimeEffect[]): TimeStep {
  return { time: { ...time, phase: "loading", at, next: null }, effects: [...before, { do: "load", at }] };
}

/** The map's times are finer than `moment`: the text of it stays as the map gave it. */
function loaded(time: Time, moment: number, at: string | null): TimeStep {
  const shown: Time = { ...time, phase: "still", at, moment, failures: 0 };
  if (time.next !== null) return load(shown, time.next, []);
  return time.speed === null ? same(shown) : open(shown, time.speed, "websocket", []);
}

function play(time: Time, speed: number): TimeStep {
  if (time.phase === "live" || time.phase === "failed") return same(time);
  const going: Time = { ...time, speed };
  if (time.phase === "loading" || time.phase === "waiting") return same(going);
  return open(going, speed, "websocket", isPlaying(time) ? [CLOSE] : []);
}

function open(time: Time, speed: number, transport: Transport, before: readonly TimeEffect[]): TimeStep {
  const from = textOf(time);
  const effects: readonly TimeEffect[] = [...before, { do: "open", from, speed, transport }];
  return { time: { ...time, phase: "opening", at: from, transport }, effects };
}

/** Return the moment as text, as finely as it is known. */
function textOf({ moment, at }: Time): string {
  return at !== null && (moment === null || reach(at) === moment) ? at : new Date(moment ?? 0).toISOString();
}

/** What is shown stays. */
function stop(time: Time): TimeStep {
  const stopped: Time = time.moment === null ? PRESENT : { ...time, phase: "still", next: null, speed: null };
  return { time: time.phase === "live" ? time : stopped, effects: [CLOSE] };
}

/** The moment is read once more: a play says what changed, not how old everything was. */
function pause(time: Time): TimeStep {
  const still: Time = { ...time, speed: null };
  return isPlaying(time) && time.at !== null ? load(still, time.at, [CLOSE]) : same(still);
}

/** A play never goes back: what happened at one moment may have been noted at another. */
function moved(time: Time, moment: number): TimeStep {
  if (!isPlaying(time)) return same(time);
  const latest = Math.max(time.moment ?? moment, moment);
  return same({ ...time, phase: "playing", moment: latest, at: new Date(latest).toISOString() });
}

function isAtRest({ phase }: Time): boolean {
  return phase === "waiting" || phase === "failed";
}

function isPlaying({ phase }: Time): boolean {
  return phase === "opening" || phase === "playing";
}

function ended(time: Time, how: Ending): TimeStep {
  if (time.phase === "loading") return notLoaded(time, how);
  // where a WebSocket is blocked, server-sent events may get through
  if (time.phase === "opening" && time.transport === "websocket" && time.speed !== null && !isRefused(how))
    return open(time, time.speed, "events", []);
  return isPlaying(time) ? same({ ...time, phase: "still", speed: null }) : same(time);
}

function notLoaded(time: Time, how: Ending): TimeStep {
  if (time.next !== null) return load(time, time.next, []);
  const isForNow = !how.isHopeless && (how.status === undefined || how.status === 503 || how.status === 429);
  if (!isForNow || time.failures >= MOST_FAILURES) {
    return same({ ...time, phase: "failed", moment: null, speed: null });
  }
  const ms = FIRST_WAIT_MS * 2 ** time.failures;
  return {
    time: { ...time, phase: "waiting", failures: time.failures + 1 },
    effects: [{ do: "wait", ms }],
  };
}

function isRefused({ status, code }: Ending): boolean {
  return (
    code === 1008 || code === 4401 || code === 4403 || (status !== undefined && status >= 400 && status < 500)
  );
}

/** Return the first moment, in ms since 1970, at which what happened at a time has happened: the map's times are finer. */
export function reach(time: string): number {
  return Date.parse(time) + (/\.\d{3}\d*[1-9]/.test(time) ? 1 : 0);
}

/** The moment as people and programs see it. */
export type Moment = {
  readonly mode: "live" | "past";
  /** What is shown, in ms since 1970; null while live, and while it is not known yet. */
  readonly moment: number | null;
  /** What is asked for, as it was asked for or, once it is there, as a time; null while live. */
  readonly at: string | null;
  readonly isLoading: boolean;
  /** How many times as fast as it happened; null while time stands still. */
  readonly speed: number | null;
};

export function momentOf({ phase, at, next, moment, speed }: Time): Moment {
  return {
    mode: phase === "live" ? "live" : "past",
    moment,
    at: next ?? at,
    isLoading: phase === "loading" || phase === "waiting",
    speed,
  };
}
