/** The line to the live map: reads the snapshot, follows the stream, and keeps at it; when it does what, `machine.ts` decides. */

import { MapError, type MapHttp } from "./http.ts";
import { type Effect, IDLE, type Input, isUnderWay, type Machine, statusOf, step } from "./machine.ts";
import { type Message, messageOfSnapshot, messagesOf, type UnknownMessage } from "./messages.ts";
import { type Connection, NO_CONNECTION } from "./state.ts";
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

export type Line = {
  isIdle(): boolean;
  input(input: Input, error?: MapError | null): void;
  /** Close the line, and forget that there ever was one. */
  forget(): void;
};

export function lineTo(http: MapHttp, layers: string | null, events: LineEvents): Line {
  let machine: Machine = IDLE;
  let connection = NO_CONNECTION;
  let wire: Wire | null = null;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let watch: ReturnType<typeof setInterval> | undefined;
  let receivedAt = 0;

  const input = (what: Input, error: MapError | null = null): void => {
    const [next, effect] = step(machine, what, Math.random);
    const isSame = next === machine;
    machine = next;
    if (effect) perform(effect);
    if (isSame) return;
    const { phase } = next;
    show({
      status: statusOf(next),
      transport: phase.name === "live" ? phase.transport : null,
      error: phase.name === "live" || phase.name === "idle" ? null : (error ?? connection.error),
      retryAt: effect?.do === "wait" ? Date.now() + effect.ms : null,
    });
    keepWatch();
  };

  const show = (next: Connection): void => {
    connection = next;
    events.connection(next);
  };

  const perform = (effect: Effect): void => {
    clearTimeout(retry);
    wire?.close();
    wire = null;
    receivedAt = Date.now();
    if (effect.do === "wait") retry = setTimeout(() => input({ type: "due" }), effect.ms);
    else if (effect.do === "load") load();
    else if (effect.do === "open") {
      const query = { cursor: events.caughtUp(), layers };
      wire = openWire(effect.transport, http, query, {
        message: receive,
        ended: (how, error) => input({ type: "ended", how }, error),
      });
    }
  };

  const load = (): void => {
    const abort = new AbortController();
    wire = { close: () => abort.abort() };
    http.snapshot({ layers }, abort.signal).then(
      (payload) => {
        if (abort.signal.aborted) return;
        events.message(messageOfSnapshot(payload, "connect"));
        input({ type: "loaded" });
      },
      (error: unknown) => {
        if (!abort.signal.aborted) input({ type: "ended", how: endingOf(error) }, errorOf(error));
      },
    );
  };

  const receive = (text: string): void => {
    receivedAt = Date.now();
    let messages: ReturnType<typeof messagesOf>;
    try {
      messages = messagesOf(text);
    } catch (error) {
      events.unreadable();
      wire?.close();
      input({ type: "ended", how: {} }, errorOf(error));
      return;
    }
    messages.forEach(take);
  };

  const take = (message: Message | UnknownMessage): void => {
    if (message.kind === "restarting") input({ type: "advised", retryAfterMs: message.retry_after_ms });
    else if (message.kind === "warning") renew();
    else if (message.kind === "error")
      show({ ...connection, error: new MapError(message.detail, null, message.code) });
    else if (message.kind !== "unknown") {
      input({ type: "message" });
      events.message(message);
    }
  };

  /** Send a new token over the open connection, so that it need not end with the old one. */
  const renew = (): void => {
    const open = wire;
    http.token().then(
      (token) => token && open === wire && open?.show?.(token),
      () => undefined, // then the connection ends, and the next one requests a token again
    );
  };

  /** While a connection is open or opening, check that the other end still sends. */
  const keepWatch = (): void => {
    clearInterval(watch);
    if (isUnderWay(machine.phase)) watch = setInterval(look, WATCH_MS);
  };

  const look = (): void => {
    const isLive = machine.phase.name === "live";
    if (Date.now() - receivedAt > (isLive ? SILENT_MS : OPENING_MS)) {
      input({ type: "silent" }, new MapError("the map is silent"));
    } else if (isLive) {
      events.watched();
    }
  };

  return {
    isIdle: () => machine.phase.name === "idle",
    input,
    forget() {
      input({ type: "stop" });
      machine = IDLE;
      connection = NO_CONNECTION;
    },
  };
}
