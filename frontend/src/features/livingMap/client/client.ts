/** A client of the Living Map: keeps the state of the whole network, live, and recovers from broken connections. */

import { nextFrame } from "./frame.ts";
import { type GetToken, MapHttp, type Parameters } from "./http.ts";
import { LazyTravel } from "./lazy.ts";
import { Line } from "./line.ts";
import { type MapEvent, type Message, messageOfSnapshot, type Snapshot } from "./messages.ts";
import type { Json, SourceBrief } from "./scene.ts";
import { advance, type MapData, type MapState, NEW_STATE } from "./state.ts";
import type { TravelEvents } from "./travel.ts";

const SOURCES_MS = 15_000;
/** How many events are kept by default. */
const KEPT_EVENTS = 200;

export type ClientOptions = {
  /** Where the map is, e.g. `https://map.example.org/` or `/map/`; by default where the page is. */
  readonly url?: string | URL | undefined;
  readonly getToken?: GetToken | undefined;
  /** Only these layers; by default all. */
  readonly layers?: readonly string[] | undefined;
  /** Show this moment: a time (RFC 3339), a cursor, or relative such as `-15m`. Nothing is read live then. */
  readonly at?: At | undefined;
  /** How many of the latest events to keep; by default 200. */
  readonly keepEvents?: number | undefined;
};

/** A moment, as `at` of the API or as a date. */
export type At = string | Date;

/**
 * Reads the snapshot, follows the stream, and tells subscribers of each new state at most once per animation frame.
 * One client serves any number of components.
 */
export class LivingMapClient {
  readonly options: ClientOptions;
  /** For what else is read of the same map. */
  readonly http: MapHttp;
  readonly #layers: string | null;
  readonly #at: At | null;
  readonly #keepEvents: number;
  readonly #line: Line;
  readonly #travel: LazyTravel;
  readonly #listeners = new Set<() => void>();
  readonly #eventListeners = new Set<(events: readonly MapEvent[]) => void>();
  #state: MapState = NEW_STATE;
  /** The newest data; while paused it runs ahead of what is shown. */
  #data: MapData = NEW_STATE.data;
  #inbox: Message[] = [];
  #frame: (() => void) | null = null;
  #session = new AbortController();
  #sourcesAskedAt = 0;

  constructor(options: ClientOptions = {}) {
    const { url, getToken = () => null, layers, at, keepEvents = KEPT_EVENTS } = options;
    this.options = options;
    this.http = new MapHttp(url, getToken, (...request) => fetch(...request));
    this.#keepEvents = keepEvents;
    this.#layers = layers?.join(",") ?? null;
    this.#at = at ?? null;
    this.#line = new Line(this.http, this.#layers, {
      message: (message) => this.#take(message),
      connection: (connection) => this.#show({ ...this.#state, connection }),
      caughtUp: () => this.#fold().cursor,
      unreadable: () => this.#doubt(),
      watched: () => Date.now() - this.#sourcesAskedAt > SOURCES_MS && this.#askSources(),
    });
    const travelEvents: TravelEvents = {
      shownBefore: () => this.#data,
      latest: () => Date.parse(this.#state.recording?.to ?? "") || Date.now(),
      shown: (events) => this.#showTime(events),
      received: () => this.#soon(),
    };
    this.#travel = new LazyTravel(
      (Travel) => new Travel(this.http, this.#layers, keepEvents, travelEvents),
      () => this.#showTime([]),
    );
  }

  /** The state now; the same object until it changes. */
  readonly getState = (): MapState => this.#state;

  /** Call back with every new state; call the answer to unsubscribe. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Call back with events as they are shown, all of one frame together. */
  readonly subscribeEvents = (listener: (events: readonly MapEvent[]) => void): (() => void) => {
    this.#eventListeners.add(listener);
    return () => this.#eventListeners.delete(listener);
  };

  start(): void {
    globalThis.addEventListener?.("online", this.#onOnline);
    if (this.#at !== null) this.seek(this.#at);
    else this.#line.input({ type: "start" });
  }

  stop(): void {
    globalThis.removeEventListener?.("online", this.#onOnline);
    this.#travel.input({ type: "stop" });
    this.#line.input({ type: "stop" });
  }

  /** Show the map as it was at a moment, until another one or the present is asked for. What happens meanwhile is merged and kept. */
  seek(at: At): void {
    this.#travel.input({ type: "seek", at: typeof at === "string" ? at : at.toISOString() });
  }

  /** Let the moment that is shown go on, so many times as fast as it happened. */
  play(speed: number): void {
    this.#travel.input({ type: "play", speed });
  }

  /** Show the present again. Does nothing where there is none. */
  live(): void {
    if (this.#state.recording) return;
    this.#travel.input({ type: "live" });
    this.#line.input({ type: "start" });
  }

  /** Try at once, e.g. because there is a new token now. Does nothing while a connection is there or being made. */
  retry(): void {
    this.#travel.input({ type: "retry" });
    this.#line.input({ type: "retry" });
  }

  /** Start over as another person: forget everything that was read, and read again. */
  reset(): void {
    const runs = !this.#line.isIdle || this.#state.recording !== null;
    this.#line.forget();
    this.#session.abort();
    this.#session = new AbortController();
    this.#inbox = [];
    this.#data = NEW_STATE.data;
    this.#show({ ...NEW_STATE, time: this.#state.time, paused: this.#state.paused });
    if (runs) this.#line.input({ type: "start" });
    this.#travel.input({ type: "again" });
  }

  /** Freeze the state, or stop what is played. Whatever arrives is merged and kept. */
  pause(): void {
    if (this.#isPast) this.#travel.input({ type: "pause" });
    else if (!this.#state.paused) this.#show({ ...this.#state, paused: true, held: 0 });
  }

  /** Show what came since the pause began, as one update. */
  resume(): void {
    if (this.#state.paused) this.#show({ ...this.#shownWith(this.#data), paused: false, held: 0 });
  }

  /** Ask the map's HTTP API, with the token: `ask("living-map/history", { limit: 20 })`. Throws MapError. */
  async ask<Answer = Json>(
    path: string,
    parameters: Parameters = {},
    signal?: AbortSignal,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer> {
    return this.http.read(path, parameters, signal, headers);
  }

  /** Send something to the map's HTTP API, with the token. Throws MapError. */
  async send<Answer = Json>(
    path: string,
    body: Json,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer> {
    return this.http.send(path, body, headers);
  }

  #onOnline = (): void => this.retry();

  // the state

  #take(message: Message): void {
    if (message.kind === "snapshot" && message.payload.meta.phase === "past") {
      this.#takeRecording(message.payload);
      return;
    }
    this.#inbox.push(message);
    if (message.kind === "event" && /^livingmap\.source\.(up|down)$/.test(message.event_type)) this.#askSources();
    this.#soon();
  }

  /** The answer for the present is of the past: there is no present. Nothing is followed then. */
  #takeRecording(start: Snapshot): void {
    this.#line.input({ type: "stop" });
    const { signal } = this.#session;
    const question = { at: "-0s", layers: this.#layers };
    this.http.snapshot(question, signal).then(
      (end) => this.#showRecording(start, end, signal),
      () => this.#showRecording(start, start, signal),
    );
  }

  #showRecording({ generated_at: from }: Snapshot, end: Snapshot, { aborted }: AbortSignal): void {
    if (aborted) return;
    this.#show({ ...this.#state, recording: { from, to: end.generated_at } });
    this.#adopt(advance(this.#data, [messageOfSnapshot(end, "past")], this.#keepEvents)[0]);
    if (!this.#isPast) this.seek(from);
  }

  #soon(): void {
    this.#frame ??= nextFrame(() => this.#fold());
  }

  #fold(): MapData {
    this.#frame?.();
    this.#frame = null;
    this.#travel.fold();
    if (this.#inbox.length === 0) return this.#data;
    const inbox = this.#inbox;
    this.#inbox = [];
    const [data, events] = advance(this.#data, inbox, this.#keepEvents);
    this.#adopt(data, events.length);
    if (!this.#state.paused && !this.#isPast) this.#tell(events);
    return data;
  }

  /** What could not be read may have been a change. */
  #doubt(): void {
    this.#data = { ...this.#fold(), cursor: null };
  }

  /** Take newer data of the present. */
  #adopt(data: MapData, count = 0): void {
    this.#data = data;
    const { paused, held } = this.#state;
    if (paused) this.#show({ ...this.#state, present: data, held: held + count });
    else this.#show(this.#shownWith(data));
  }

  get #isPast(): boolean {
    return this.#state.time.mode === "past";
  }

  /** Return the state with `data` as the present. */
  #shownWith(data: MapData): MapState {
    return { ...this.#state, data: this.#travel.data ?? data, present: data };
  }

  /** Show the moment that was asked for, or the present again; that ends a pause. */
  #showTime(events: readonly MapEvent[]): void {
    const time = this.#travel.shown;
    this.#show({ ...this.#shownWith(this.#data), time, paused: false, held: 0 });
    this.#tell(events);
  }

  #tell(events: readonly MapEvent[]): void {
    if (events.length > 0) for (const listener of [...this.#eventListeners]) listener(events);
  }

  /** Read how fresh the sources are: a poll that finds no difference is not an event. */
  #askSources(): void {
    this.#sourcesAskedAt = Date.now();
    const { signal } = this.#session;
    this.ask<{ items: SourceBrief[] }>("living-map/sources", {}, signal).then(
      ({ items }) => {
        const { meta } = this.#data;
        if (!meta || signal.aborted) return;
        this.#adopt({ ...this.#data, meta: { ...meta, sources: items } });
      },
      () => undefined, // they stay as they were; the stream notices if the map is unreachable
    );
  }

  #show(state: MapState): void {
    this.#state = state;
    for (const listener of [...this.#listeners]) listener();
  }
}
