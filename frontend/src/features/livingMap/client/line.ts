/** The line to the live map: reads the snapshot, follows the stream, and keeps at it; when it does what, `machine.ts` decides. */

import { MapError, type MapHttp } from "./http.ts";
import { type Effect, IDLE, type Input, type Machine, statusOf, step, type Transport } from "./machine.ts";
import { type Message, messageOf, messageOfSnapshot } from "./messages.ts";
import type { Connection } from "./state.ts";
import type { Wire } from "./wire.ts";
import { endingOf, errorOf, openWire } from "./wires.ts";

/** The map sends something at least every 15 s: after so long a silence the connection is dead. */
const SILENT_MS = 35_000;
const OPENING_MS = 10_000;
const WATCH_MS = 2_500;

export type LineEvents = {
  message(message: Message): void;
  connection(connection: Connection): void;
  /** Take in what has come: the stream goes on from there. Returns its cursor. */
  caughtUp(): string | null;
  /** Something that came cannot be read: only a new snapshot makes the state sure again. */
  unreadable(): void;
  /** Called every while as long as the line is live. */
  watched(): void;
};

export class Line {
  readonly #http: MapHttp;
  readonly #layers: string | null;
  readonly #events: LineEvents;
  #machine: Machine = IDLE;
  #connection: Connection = { status: "idle", transport: null, error: null, retryAt: null };
  #wire: Wire | null = null;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #watch: ReturnType<typeof setInterval> | undefined;
  #receivedAt = 0;

  constructor(http: MapHttp, layers: string | null, events: LineEvents) {
    this.#http = http;
    this.#layers = layers;
    this.#events = events;
  }

  get isIdle(): boolean {
    return this.#machine.phase.name === "idle";
  }

  /** Close the line, and forget that there ever was one. */
  forget(): void {
    this.input({ type: "stop" });
    this.#machine = IDLE;
    this.#connection = { status: "idle", transport: null, error: null, retryAt: null };
  }

  input(input: Input, error: MapError | null = null): void {
    const before = this.#machine;
    const { machine, effects } = step(before, input, Math.random);
    this.#machine = machine;
    for (const effect of effects) this.#perform(effect);
    if (machine === before) return;
    const { phase } = machine;
    const transport = phase.name === "live" ? phase.transport : null;
    const wait = effects.find((effect) => effect.do === "wait");
    this.#show({
      status: statusOf(machine),
      transport,
      error: phase.name === "live" || phase.name === "idle" ? null : (error ?? this.#connection.error),
      retryAt: wait ? Date.now() + wait.ms : null,
    });
    this.#keepWatch();
  }

  #show(connection: Connection): void {
    this.#connection = connection;
    this.#events.connection(connection);
  }

  #perform(effect: Effect): void {
    clearTimeout(this.#retry);
    this.#wire?.close();
    this.#wire = null;
    if (effect.do === "wait") this.#retry = setTimeout(() => this.input({ type: "due" }), effect.ms);
    else if (effect.do === "load") this.#load();
    else if (effect.do === "open") this.#open(effect.transport);
  }

  #load(): void {
    const abort = new AbortController();
    this.#wire = { close: () => abort.abort(), show: () => undefined };
    this.#receivedAt = Date.now();
    this.#http.snapshot({ layers: this.#layers }, abort.signal).then(
      (payload) => {
        if (abort.signal.aborted) return;
        this.#events.message(messageOfSnapshot(payload, "connect"));
        this.input({ type: "loaded" });
      },
      (error: unknown) => {
        if (!abort.signal.aborted) this.input({ type: "ended", how: endingOf(error) }, errorOf(error));
      },
    );
  }

  #open(transport: Transport): void {
    const cursor = this.#events.caughtUp();
    this.#receivedAt = Date.now();
    this.#wire = openWire(
      transport,
      this.#http,
      { cursor, layers: this.#layers },
      {
        message: (text) => this.#receive(text),
        ended: (how, error) => this.input({ type: "ended", how }, error),
      },
    );
  }

  #receive(text: string): void {
    this.#receivedAt = Date.now();
    let message: ReturnType<typeof messageOf>;
    try {
      message = messageOf(text);
    } catch (error) {
      this.#events.unreadable();
      this.#wire?.close();
      this.input({ type: "ended", how: {} }, errorOf(error));
      return;
    }
    if (message.kind === "restarting") this.input({ type: "advised", retryAfterMs: message.retry_after_ms });
    else if (message.kind === "warning") this.#renew();
    else if (message.kind === "error")
      this.#show({ ...this.#connection, error: new MapError(message.detail, null, message.code) });
    else if (message.kind !== "unknown") {
      this.input({ type: "message" });
      this.#events.message(message);
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
      this.input({ type: "silent" }, new MapError("the map has gone silent"));
    } else if (isLive) {
      this.#events.watched();
    }
  }
}
