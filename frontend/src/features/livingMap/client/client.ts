/** A client of the Living Map: keeps the state of the whole network, live, and recovers from broken connections. */

import { type GetToken, MapHttp, type Parameters } from "./http.ts";
import { type LazyTravel, lazyTravel } from "./lazy.ts";
import { type Line, lineTo } from "./line.ts";
import type { MapEvent, Message } from "./messages.ts";
import { Pace } from "./pace.ts";
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
 * Reads the snapshot, follows the stream, and tells subscribers of new data at most ten times a second.
 * One client serves any number of components.
 */
export class LivingMapClient {
  readonly options: ClientOptions;
  /** For what else is read of the same map. */
  readonly http: MapHttp;
  readonly #keepEvents: number;
  readonly #line: Line;
  readonly #travel: LazyTravel;
  readonly #listeners = new Set<() => void>();
  readonly #eventListeners = new Set<(events: readonly MapEvent[]) => void>();
  #state: MapState = NEW_STATE;
  #inbox: Message[] = [];
  readonly #pace = new Pace(() => this.#fold());
  /** Another one for another person. */
  #session = {};
  #sourcesAskedAt = 0;

  constructor(options: ClientOptions = {}) {
    const { url, getToken = () => null, keepEvents = KEPT_EVENTS } = options;
    const layers = options.layers?.join(",") ?? null;
    this.options = options;
    this.http = new MapHttp(url, getToken);
    this.#keepEvents = keepEvents;
    this.#line = lineTo(this.http, layers, {
      message: (message) => this.#take(message),
      connection: (connection) => this.#show({ ...this.#state, connection }),
      caughtUp: () => this.#fold().cursor,
      unreadable: () => this.#doubt(),
      watched: () => Date.now() - this.#sourcesAskedAt > SOURCES_MS && this.#askSources(),
    });
    const travelEvents: TravelEvents = {
      shownBefore: () => this.#state.present,
      recordedTo: () => this.#state.recording?.to,
      shown: (events) => this.#showTime(events),
      recorded: (data) => this.#showEnd(data),
      received: () => this.#pace.soon(),
    };
    this.#travel = lazyTravel(
      (Travel) => new Travel(this.http, layers, keepEvents, travelEvents),
      () => this.#showTime([]),
    );
  }

  /** The state now; the same object until it changes. */
  readonly getState = (): MapState => this.#state;

  /** Call back with every new state; call the answer to unsubscribe. */
  readonly subscribe = (listener: () => void): (() => void) => added(this.#listeners, listener);

  /** Call back with events as they are shown, all of one update together. */
  readonly subscribeEvents = (listener: (events: readonly MapEvent[]) => void): (() => void) =>
    added(this.#eventListeners, listener);

  start(): void {
    globalThis.addEventListener?.("online", this.#onOnline);
    const { at } = this.options;
    if (at !== undefined) this.seek(at);
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
    const runs = !this.#line.isIdle() || this.#state.recording !== null;
    this.#line.forget();
    this.#session = {};
    this.#inbox = [];
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
    if (this.#state.paused) this.#show({ ...this.#shownWith(this.#state.present), paused: false, held: 0 });
  }

  /** Ask the map's HTTP API, with the token: `ask("living-map/history", { limit: 20 })`. Throws MapError. */
  ask<Answer = Json>(
    path: string,
    parameters: Parameters = {},
    signal?: AbortSignal,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer> {
    return this.http.read(path, parameters, signal, headers);
  }

  #onOnline = (): void => this.retry();

  // the state

  #take(message: Message): void {
    // an answer for the present that is of the past: there is no present, and nothing to follow
    if (message.kind === "snapshot" && message.payload.meta.phase === "past") {
      const { payload: start, timestamp: from } = message;
      this.#line.input({ type: "stop" });
      this.#show({ ...this.#state, recording: { from, to: from } });
      this.#travel.input({ type: "record", start });
      return;
    }
    this.#inbox.push(message);
    if (message.kind === "event" && /^livingmap\.source\.(up|down)$/.test(message.event_type)) this.#askSources();
    this.#pace.soon();
  }

  /** Take the end of a recording, which stands for the present. */
  #showEnd(data: MapData): void {
    const { recording } = this.#state;
    if (!recording) return;
    this.#show({ ...this.#state, recording: { ...recording, to: data.generatedAt } });
    this.#adopt(data);
  }

  #fold(): MapData {
    this.#pace.shown();
    this.#travel.fold();
    if (this.#inbox.length === 0) return this.#state.present;
    const inbox = this.#inbox;
    this.#inbox = [];
    const [data, events] = advance(this.#state.present, inbox, this.#keepEvents);
    this.#adopt(data, events.length);
    if (!this.#state.paused && !this.#isPast) this.#tell(events);
    return data;
  }

  /** What could not be read may have been a change. */
  #doubt(): void {
    this.#adopt({ ...this.#fold(), cursor: null });
  }

  /** Take newer data of the present. */
  #adopt(data: MapData, count = 0): void {
    const { paused, held } = this.#state;
    if (paused) this.#show({ ...this.#state, present: data, held: held + count });
    else this.#show(this.#shownWith(data));
  }

  get #isPast(): boolean {
    return this.#state.time.mode === "past";
  }

  /** Return the state with `data` as the present. */
  #shownWith(data: MapData): MapState {
    return { ...this.#state, data: this.#travel.data() ?? data, present: data };
  }

  /** Show the moment that was asked for, or the present again; that ends a pause. */
  #showTime(events: readonly MapEvent[]): void {
    const time = this.#travel.shown();
    this.#show({ ...this.#shownWith(this.#state.present), time, paused: false, held: 0 });
    this.#tell(events);
  }

  #tell(events: readonly MapEvent[]): void {
    if (events.length > 0) for (const listener of this.#eventListeners) listener(events);
  }

  /** Read how fresh the sources are: a poll that finds no difference is not an event. */
  #askSources(): void {
    this.#sourcesAskedAt = Date.now();
    const session = this.#session;
    this.ask<{ items: SourceBrief[] }>("living-map/sources").then(
      ({ items }) => {
        const { present } = this.#state;
        const { meta } = present;
        if (!meta || session !== this.#session) return;
        this.#adopt({ ...present, meta: { ...meta, sources: items } });
      },
      () => undefined, // they stay as they were; the stream notices if the map is unreachable
    );
  }

  #show(state: MapState): void {
    this.#state = state;
    for (const listener of this.#listeners) listener();
  }
}

function added<Listener>(listeners: Set<Listener>, listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
