/** Reads moments of the map that were, and plays them; which one, and when, `time.ts` decides. */

import { askClock, latestMoment } from "./clock.ts";
import type { MapError, MapHttp } from "./http.ts";
import {
  type MapEvent,
  type Message,
  messageOfSnapshot,
  messagesOf,
  NEEDS,
  type Snapshot,
  type UnknownMessage,
} from "./messages.ts";
import { advance, type MapData, NO_DATA, type ShownTime } from "./state.ts";
import { momentOf, PRESENT, reach, stepTime, type Time, type TimeEffect, type TimeInput } from "./time.ts";
import type { Wire } from "./wire.ts";
import { endingOf, errorOf, openWire } from "./wires.ts";

/** What the messages of a play have at least. */
const PLAY_NEEDS = { ...NEEDS, playing: "at", paused: "at", live: "at", end: "at" };
/** A play that has nothing to say goes on all the same: so often the moment is moved. */
const MOVED_MS = 200;

export type TravelEvents = {
  /** What is shown where no moment has been read yet: what is the same stays the very same object. */
  shownBefore(): MapData;
  /** The end of a recording, which no play goes beyond; undefined for a map with a present. */
  recordedTo(): string | undefined;
  /** Called with every change of what is shown, and with the events that were played. */
  shown(events: readonly MapEvent[]): void;
  /** Called with the end of a recording. */
  recorded(end: MapData): void;
  /** Called when there is something to take in with the next update. */
  received(): void;
};

export class TimeTravel {
  readonly #http: MapHttp;
  readonly #layers: string | null;
  readonly #keepEvents: number;
  readonly #events: TravelEvents;
  #time: Time = PRESENT;
  #data: MapData | null = null;
  #error: MapError | null = null;
  #shown: ShownTime = { ...momentOf(PRESENT), error: null };
  #wire: Wire | null = null;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #inbox: Message[] = [];
  /** To which moment the play had come, and when that was. */
  #reached: { readonly moment: number; readonly at: number } | null = null;
  #clock: ReturnType<typeof setInterval> | undefined;
  /** Ends the reading of a recording's end. */
  #end = new AbortController();

  constructor(http: MapHttp, layers: string | null, keepEvents: number, events: TravelEvents) {
    this.#http = http;
    this.#layers = layers;
    this.#keepEvents = keepEvents;
    this.#events = events;
  }

  /** Which moment is shown; the same object until that changes. */
  get shown(): ShownTime {
    return this.#shown;
  }

  /** What the map was then; null while the present is shown, and until a moment has been read. */
  get data(): MapData | null {
    return this.#data;
  }

  input(input: TimeInput, error: MapError | null = null): void {
    const before = this.#time;
    if (input.type === "again") this.#end.abort();
    if (input.type === "record") this.#readEnd(input.start);
    const { time, effects } = stepTime(before, input);
    this.#time = time;
    this.#error = time.phase === "failed" || time.phase === "waiting" || error ? (error ?? this.#error) : null;
    if (time.phase === "live") this.#data = null;
    if (time.phase === "failed") this.#data = NO_DATA;
    for (const effect of effects) this.#perform(effect);
    if (time !== before || error) this.#show();
  }

  /** Take in what was played since the last update. */
  fold(): void {
    const inbox = this.#inbox;
    this.#inbox = [];
    if (inbox.length === 0 || !this.#data) return;
    const [data, events] = advance(this.#data, inbox, this.#keepEvents);
    this.#data = data;
    this.#reach(latestOf(inbox));
    this.#show(events);
  }

  #reach(reached: number | null): void {
    if (reached === null) return;
    const moment = Math.min(this.#latest(), reached);
    this.#reached = { moment, at: Date.now() };
    this.#time = stepTime(this.#time, { type: "moved", moment }).time;
  }

  /** Move the moment between two messages of a play, never beyond the present. */
  #tick(): void {
    const { speed } = this.#time;
    if (!this.#reached || speed === null) return;
    const { moment, at } = this.#reached;
    const goneOn = moment + (Date.now() - at) * speed;
    this.input({ type: "moved", moment: Math.min(this.#latest(), goneOn) });
  }

  /** How far a play can come, in ms since 1970. */
  #latest(): number {
    return Date.parse(this.#events.recordedTo() ?? "") || latestMoment();
  }

  #show(events: readonly MapEvent[] = []): void {
    this.#shown = { ...momentOf(this.#time), error: this.#error };
    this.#events.shown(events);
  }

  #perform(effect: TimeEffect): void {
    clearTimeout(this.#retry);
    clearInterval(this.#clock);
    this.#reached = null;
    this.#wire?.close();
    this.#wire = null;
    this.#inbox = [];
    if (effect.do === "wait") this.#retry = setTimeout(() => this.input({ type: "due" }), effect.ms);
    else if (effect.do === "load") this.#load(effect.at);
    else if (effect.do === "open") this.#open(effect);
  }

  #load(at: string): void {
    const abort = new AbortController();
    this.#wire = { close: () => abort.abort() };
    this.#http.snapshot({ at, layers: this.#layers }, abort.signal).then(
      (payload) => {
        if (!abort.signal.aborted) this.#take(payload, at);
      },
      (error: unknown) => {
        if (!abort.signal.aborted) this.input({ type: "ended", how: endingOf(error) }, errorOf(error));
      },
    );
  }

  /** Read the end of a recording; where that fails, its start stands for it. */
  #readEnd(start: Snapshot): void {
    this.#end = new AbortController();
    const { signal } = this.#end;
    const take = (end: Snapshot) => {
      const message = messageOfSnapshot(end, "past");
      if (!signal.aborted) this.#events.recorded(advance(this.#events.shownBefore(), [message], 0)[0]);
    };
    this.#http.snapshot({ at: "-0s", layers: this.#layers }, signal).then(take, () => take(start));
  }

  #take(payload: Snapshot, at: string): void {
    const message = messageOfSnapshot(payload, "past");
    const before = this.#data ?? this.#events.shownBefore();
    const [data] = advance({ ...before, events: [] }, [message], this.#keepEvents);
    this.#data = data;
    const text = Number.isNaN(Date.parse(at)) ? message.timestamp : at;
    this.input({ type: "loaded", moment: reach(text), at: text });
  }

  #open({ from, speed, transport }: Extract<TimeEffect, { do: "open" }>): void {
    askClock(this.#http);
    this.#clock = setInterval(() => this.#tick(), MOVED_MS);
    this.#wire = openWire(
      transport,
      this.#http,
      { from, speed, layers: this.#layers },
      {
        message: (text) => this.#receive(text),
        ended: (how, error) => this.input({ type: "ended", how }, error),
      },
    );
  }

  #receive(text: string): void {
    let messages: ReturnType<typeof messagesOf>;
    try {
      messages = messagesOf(text, PLAY_NEEDS);
    } catch (error) {
      this.input({ type: "ended", how: { code: 1008 } }, errorOf(error));
      return;
    }
    for (const message of messages) this.#hear(message);
  }

  #hear(message: Message | UnknownMessage): void {
    if (message.kind === "live" || (message.kind === "snapshot" && message.reason === "live"))
      this.input({ type: "arrived" });
    else if (message.kind === "end") this.input({ type: "over" });
    else if (message.kind === "playing") this.#reach(reach(message.at));
    else this.#follow(message);
  }

  /** Play one message, with the next update. What a heartbeat calls now is then. */
  #follow(message: Message | UnknownMessage): void {
    if (message.kind === "heartbeat") this.#inbox.push({ ...message, timestamp: message.at ?? message.timestamp });
    else if (message.kind === "snapshot" || message.kind === "event" || message.kind === "changes")
      this.#inbox.push(message);
    else return;
    this.#events.received();
  }
}

/** Return the moment to which messages of a play lead, in ms since 1970; null for none. */
function latestOf(messages: readonly Message[]): number | null {
  const moments = messages.map((one) => reach("timestamp" in one ? one.timestamp : ""));
  const latest = Math.max(...moments.filter((one) => !Number.isNaN(one)));
  return Number.isFinite(latest) ? latest : null;
}
