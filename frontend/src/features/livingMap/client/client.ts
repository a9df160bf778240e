/** A client of the Living Map: keeps the state of the whole network, live, and recovers from broken connections. */

import { type GetToken, MapError, MapHttp, type Parameters } from "./http.ts";
import { type Effect, IDLE, type Input, type Machine, statusOf, step, type Transport } from "./machine.ts";
import type { MapEvent } from "./messages.ts";
import { type Message, messageOf, type Snapshot } from "./messages.ts";
import type { Json, SourceBrief } from "./scene.ts";
import { advance, type Connection, type MapData, type MapState, NEW_STATE } from "./state.ts";
import { endingOf, errorOf, openWire, type Wire } from "./wires.ts";

/** The map sends something at least every 15 s: after so long a silence the connection is dead. */
const SILENT_MS = 35_000;
const OPENING_MS = 10_000;
const WATCH_MS = 2_500;
const SOURCES_MS = 15_000;
const KEPT_EVENTS = 200;
/** A hidden page draws no frames: its messages are folded at this pace. */
const HIDDEN_MS = 250;

export type ClientOptions = {
  /** Where the map is, e.g. `https://map.example.org/`; by default where the page is. */
  readonly url?: string | URL | undefined;
  readonly getToken?: GetToken | undefined;
  /** Only these layers; by default all. */
  readonly layers?: readonly string[] | undefined;
};

/**
 * Reads the snapshot, follows the stream, and tells subscribers of each new state at most once per animation frame.
 * One client serves any number of components.
 */
export class LivingMapClient {
  readonly #http: MapHttp;
  readonly #layers: string | null;
  readonly #listeners = new Set<() => void>();
  readonly #eventListeners = new Set<(events: readonly MapEvent[]) => void>();
  #machine: Machine = IDLE;
  #state: MapState = NEW_STATE;
  /** The newest data; while paused it runs ahead of what is shown. */
  #data: MapData = NEW_STATE.data;
  #inbox: Message[] = [];
  #frame: (() => void) | null = null;
  #wire: Wire | null = null;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #watch: ReturnType<typeof setInterval> | undefined;
  #session = new AbortController();
  #receivedAt = 0;
  #sourcesAskedAt = 0;

  constructor({ url, getToken = () => null, layers }: ClientOptions = {}) {
    const base = new URL(url ?? ".", globalThis.document?.baseURI);
    if (!base.pathname.endsWith("/")) base.pathname += "/";
    base.search = base.hash = "";
    this.#http = new MapHttp(base, getToken, (...request) => fetch(...request));
    this.#layers = layers ? layers.join(",") : null;
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
    this.#input({ type: "start" });
  }

  stop(): void {
    globalThis.removeEventListener?.("online", this.#onOnline);
    this.#input({ type: "stop" });
  }

  /** Try at once, e.g. because there is a new token now. Does nothing while a connection is there or being made. */
  retry(): void {
    this.#input({ type: "retry" });
  }

  /** Start over as another person: forget everything that was read, and read again. */
  reset(): void {
    const runs = this.#machine.phase.name !== "idle";
    this.#input({ type: "stop" });
    this.#session.abort();
    this.#session = new AbortController();
    this.#machine = IDLE;
    this.#inbox = [];
    this.#data = NEW_STATE.data;
    this.#show({ ...NEW_STATE, paused: this.#state.paused });
    if (runs) this.#input({ type: "start" });
  }

  /** Freeze the state. Whatever arrives is merged and kept. */
  pause(): void {
    if (!this.#state.paused) this.#show({ ...this.#state, paused: true, held: 0 });
  }

  /** Show what came since the pause began, as one update. */
  resume(): void {
    if (this.#state.paused) this.#show({ ...this.#state, data: this.#data, paused: false, held: 0 });
  }

  /** Ask the map's HTTP API, with the token: `ask("living-map/history", { limit: 20 })`. Throws MapError. */
  async ask<Answer = Json>(
    path: string,
    parameters: Parameters = {},
    signal?: AbortSignal,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer> {
    const answer = await this.#http.ask(path, parameters, signal, headers);
    return (await answer.json()) as Answer;
  }

  // the connection

  #input(input: Input, error: MapError | null = null): void {
    const before = this.#machine;
    const { machine, effects } = step(before, input, Math.random);
    this.#machine = machine;
    for (const effect of effects) this.#perform(effect);
    if (machine === before) return;
    const { phase } = machine;
    const transport = phase.name === "live" ? phase.transport : null;
    const wait = effects.find((effect) => effect.do === "wait");
    this.#showConnection({
      status: statusOf(machine),
      transport,
      error: phase.name === "live" || phase.name === "idle" ? null : (error ?? this.#state.connection.error),
      retryAt: wait ? Date.now() + wait.ms : null,
    });
    this.#keepWatch();
  }

  #perform(effect: Effect): void {
    clearTimeout(this.#retry);
    this.#wire?.close();
    this.#wire = null;
    if (effect.do === "wait") this.#retry = setTimeout(() => this.#input({ type: "due" }), effect.ms);
    else if (effect.do === "load") this.#load();
    else if (effect.do === "open") this.#open(effect.transport);
  }

  #load(): void {
    const abort = new AbortController();
    this.#wire = { close: () => abort.abort(), show: () => undefined };
    this.#receivedAt = Date.now();
    this.ask<Snapshot>("living-map/snapshot", { layers: this.#layers }, abort.signal).then(
      (payload) => {
        if (abort.signal.aborted) return;
        const { generated_at: timestamp, meta } = payload;
        this.#take({ kind: "snapshot", cursor: meta.cursor, reason: "connect", timestamp, payload });
        this.#input({ type: "loaded" });
      },
      (error: unknown) => {
        if (!abort.signal.aborted) this.#input({ type: "ended", how: endingOf(error) }, errorOf(error));
      },
    );
  }

  #open(transport: Transport): void {
    this.#fold();
    this.#receivedAt = Date.now();
    const query = { cursor: this.#data.cursor, layers: this.#layers };
    this.#wire = openWire(transport, this.#http, query, {
      message: (text) => this.#receive(text),
      ended: (how, error) => this.#input({ type: "ended", how }, error),
    });
  }

  #receive(text: string): void {
    this.#receivedAt = Date.now();
    let message: ReturnType<typeof messageOf>;
    try {
      message = messageOf(text);
    } catch (error) {
      // What cannot be read may have been a change: only a new snapshot makes the state sure again.
      this.#fold();
      this.#data = { ...this.#data, cursor: null };
      this.#wire?.close();
      this.#input({ type: "ended", how: {} }, errorOf(error));
      return;
    }
    if (message.kind === "restarting") this.#input({ type: "advised", retryAfterMs: message.retry_after_ms });
    else if (message.kind === "warning") this.#renew();
    else if (message.kind === "error")
      this.#showConnection({ ...this.#state.connection, error: new MapError(message.detail, null, message.code) });
    else if (message.kind !== "unknown") {
      this.#input({ type: "message" });
      this.#take(message);
    }
  }

  /** Send a new token over the open connection, so that it need not end with the old one. */
  #renew(): void {
    const wire = this.#wire;
    this.#http.token().then(
      (token) => token && wire === this.#wire && wire?.show(token),
      () => undefined, // then the connection ends, and the next one requests a token again
    );
  }

  /** While a connection is open or opening, check that the other end still sends. */
  #keepWatch(): void {
    const { name } = this.#machine.phase;
    const needed = name === "loading" || name === "opening" || name === "live";
    if (needed && this.#watch === undefined) this.#watch = setInterval(() => this.#look(), WATCH_MS);
    if (!needed) {
      clearInterval(this.#watch);
      this.#watch = undefined;
    }
  }

  #look(): void {
    const isLive = this.#machine.phase.name === "live";
    if (Date.now() - this.#receivedAt > (isLive ? SILENT_MS : OPENING_MS)) {
      this.#input({ type: "silent" }, new MapError("the map has gone silent"));
    } else if (isLive && Date.now() - this.#sourcesAskedAt > SOURCES_MS) {
      this.#askSources();
    }
  }

  #onOnline = (): void => this.retry();

  // the state

  #take(message: Message): void {
    this.#inbox.push(message);
    if (message.kind === "event" && /^livingmap\.source\.(up|down)$/.test(message.event_type)) this.#askSources();
    this.#frame ??= nextFrame(() => this.#fold());
  }

  #fold(): void {
    this.#frame?.();
    this.#frame = null;
    if (this.#inbox.length === 0) return;
    const inbox = this.#inbox;
    this.#inbox = [];
    const [data, events] = advance(this.#data, inbox, KEPT_EVENTS);
    this.#data = data;
    if (this.#state.paused) this.#show({ ...this.#state, held: this.#state.held + events.length });
    else this.#show({ ...this.#state, data });
    if (events.length > 0 && !this.#state.paused)
      for (const listener of [...this.#eventListeners]) listener(events);
  }

  /** Read how fresh the sources are: a poll that finds no difference is not an event. */
  #askSources(): void {
    this.#sourcesAskedAt = Date.now();
    const { signal } = this.#session;
    this.ask<{ items: SourceBrief[] }>("living-map/sources", {}, signal).then(
      ({ items }) => {
        const { meta } = this.#data;
        if (!meta || signal.aborted) return;
        this.#data = { ...this.#data, meta: { ...meta, sources: items } };
        if (!this.#state.paused) this.#show({ ...this.#state, data: this.#data });
      },
      () => undefined, // they stay as they were; the stream notices if the map is unreachable
    );
  }

  #showConnection(connection: Connection): void {
    this.#show({ ...this.#state, connection });
  }

  #show(state: MapState): void {
    this.#state = state;
    for (const listener of [...this.#listeners]) listener();
  }
}

/** Call back at the next animation frame, or soon if the page draws none; the answer cancels. */
function nextFrame(callback: () => void): () => void {
  const timer = setTimeout(callback, HIDDEN_MS);
  const frame = globalThis.requestAnimationFrame?.(() => callback());
  return () => {
    clearTimeout(timer);
    if (frame !== undefined) cancelAnimationFrame(frame);
  };
}
