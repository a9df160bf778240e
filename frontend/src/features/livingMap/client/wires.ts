/** The two ways by which the stream comes: a WebSocket, or server-sent events. Both say the same. */

import { INVALID_URL, MapError, type MapHttp } from "./http.ts";
import type { Ending, Transport } from "./machine.ts";
import type { StreamQuery, Wire, WireEvents } from "./wire.ts";

const SUBPROTOCOL = "livingmap.v1";

export function openWire(transport: Transport, http: MapHttp, query: StreamQuery, events: WireEvents): Wire {
  const abort = new AbortController();
  const { signal } = abort;
  let socket: WebSocket | undefined;
  let shown: string | null = null;

  const message = (text: string): void => {
    if (!signal.aborted) events.message(text);
  };
  const ended = (how: Ending, error: MapError): void => {
    if (signal.aborted) return;
    abort.abort();
    events.ended(how, error);
  };
  const overWebSocket = async (): Promise<void> => {
    shown = await http.token();
    if (signal.aborted) return;
    const url = http.address("living-map/stream", { ...query, batch: "true" });
    url.protocol = url.protocol.replace("http", "ws");
    // A browser cannot set headers here, and a token has no place in an address.
    socket = new WebSocket(url, shown ? [SUBPROTOCOL, `bearer.${shown}`] : [SUBPROTOCOL]);
    socket.onmessage = ({ data }) => message(data as string);
    socket.onclose = ({ code, reason }) => ended({ code }, new MapError(reason || `the stream ended (${code})`));
    socket.onerror = () => undefined; // a close follows, and says as much
  };
  /** Few need it: its code is loaded by those. */
  const overEvents = async (): Promise<void> => {
    await (await import("./sse.ts")).overEvents(http, query, message, signal);
    throw new MapError("the stream ended");
  };

  (transport === "websocket" ? overWebSocket() : overEvents()).catch((error: unknown) =>
    ended(endingOf(error), errorOf(error)),
  );
  return {
    close() {
      abort.abort();
      socket?.close(1000);
    },
    show(token) {
      if (token !== shown) socket?.send(JSON.stringify({ kind: "auth", token }));
      shown = token;
    },
  };
}

export function endingOf(error: unknown): Ending {
  if (!(error instanceof MapError)) return {};
  if (error.code === INVALID_URL) return { isHopeless: true };
  return error.status === null ? {} : { status: error.status };
}

export function errorOf(error: unknown): MapError {
  return error instanceof MapError ? error : new MapError(String(error), null, null, error);
}
