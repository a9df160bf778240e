/** The two ways by which the stream comes: a WebSocket, or server-sent events. Both say the same. */

import { INVALID_URL, MapError, type MapHttp } from "./http.ts";
import type { Ending, Transport } from "./machine.ts";
import type { StreamQuery, Wire, WireEvents } from "./wire.ts";

const SUBPROTOCOL = "livingmap.v1";
const NORMAL_CLOSURE = 1000;

export function openWire(transport: Transport, http: MapHttp, query: StreamQuery, events: WireEvents): Wire {
  let isOpen = true;
  const abort = new AbortController();
  const guarded: WireEvents = {
    message: (text) => isOpen && events.message(text),
    ended: (how, error) => {
      if (isOpen) events.ended(how, error);
      isOpen = false;
    },
  };
  let socket: WebSocket | null = null;
  let shown: string | null = null;
  const opened = (made: WebSocket, token: string | null) => {
    socket = made;
    shown = token;
  };
  const run = transport === "websocket" ? overWebSocket : overEvents;
  run(http, query, guarded, abort.signal, opened).catch((error: unknown) =>
    guarded.ended(endingOf(error), errorOf(error)),
  );
  return {
    close() {
      isOpen = false;
      abort.abort();
    },
    show(token) {
      if (token !== shown) socket?.send(JSON.stringify({ kind: "auth", token }));
      shown = token;
    },
  };
}

async function overWebSocket(
  http: MapHttp,
  query: StreamQuery,
  events: WireEvents,
  signal: AbortSignal,
  opened: (socket: WebSocket, token: string | null) => void,
): Promise<void> {
  const token = await http.token();
  if (signal.aborted) return;
  const url = http.address("living-map/stream", query);
  url.protocol = url.protocol.replace("http", "ws");
  // A browser cannot set headers here, and a token has no place in an address.
  const socket = new WebSocket(url, token ? [SUBPROTOCOL, `bearer.${token}`] : [SUBPROTOCOL]);
  opened(socket, token);
  socket.onmessage = ({ data }) => events.message(String(data));
  socket.onclose = ({ code, reason }) => {
    events.ended({ code }, new MapError(reason || `the stream ended (${code})`));
  };
  socket.onerror = () => undefined; // a close follows, and says as much
  signal.addEventListener("abort", () => socket.close(NORMAL_CLOSURE));
}

/** Few need it: its code is loaded by those. */
const overEvents: typeof overWebSocket = async (http, query, events, signal) => {
  await (await import("./sse.ts")).overEvents(http, query, events, signal);
  throw new MapError("the stream of events ended");
};

export function endingOf(error: unknown): Ending {
  if (!(error instanceof MapError)) return {};
  if (error.code === INVALID_URL) return { isHopeless: true };
  return error.status === null ? {} : { status: error.status };
}

export function errorOf(error: unknown): MapError {
  return error instanceof MapError ? error : new MapError(String(error), null, null, error);
}
