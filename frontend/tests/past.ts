/** A map that stands for one with a past: a node that was down at noon, as its moments, its timeline and a play say it. */

import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { WebSocketServer } from "ws";
import { EMPTY_META } from "./meta.ts";

export const NODE = "node:hazel-15";
export const NOON = "2026-11-29T12:00:00.000Z";
export const LATER = "2026-11-29T12:30:00.000Z";
/** To which moment a play has come with its heartbeat. */
export const HEARTBEAT = "2026-11-29T12:40:00.000Z";
export const PRESENT = "2026-11-29T14:00:00.000Z";
export const OLDEST = "2026-11-29T10:00:00.000Z";

function snapshotAt(at: string | null): object {
  const isPast = at !== null;
  const generated = at ?? PRESENT;
  const status = at === NOON ? "offline" : "online";
  return {
    generated_at: generated,
    layers: {
      nodes: {
        items: [
          { id: "node:ash-1", name: "Ash-1", status: "online" },
          { id: NODE, name: "Hazel-15", status },
        ],
      },
    },
    meta: { ...EMPTY_META, cursor: `e.${Date.parse(generated)}`, at, gaps: [], phase: isPast ? "past" : "live" },
  };
}

export type Past = {
  readonly url: string;
  readonly asked: string[];
  /** Let every play arrive in the present. */
  arrive(): void;
  stop(): Promise<void>;
};

/** With `isRecording` it is a file of the past: there is no present, and what is asked without a moment is answered with the oldest. */
export async function startPast(isRecording = false): Promise<Past> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? "");
    answer(request, response, isRecording);
  });
  const arrive = playOn(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const stop = async () => {
    server.close();
    server.closeAllConnections();
    await once(server, "close");
  };
  return { url: `http://127.0.0.1:${port}`, asked, arrive, stop };
}

function answer(request: IncomingMessage, response: ServerResponse, isRecording: boolean): void {
  const { pathname, searchParams } = new URL(request.url ?? "", "http://map");
  const wanted = searchParams.get("at") ?? (isRecording ? OLDEST : null);
  const at = wanted === "-0s" ? PRESENT : wanted;
  const isKept = at === null || at >= OLDEST;
  const body = !isKept
    ? { status: 404, code: "not_kept", detail: `the oldest moment is ${OLDEST}` }
    : pathname.endsWith("/timeline")
      ? { from: OLDEST, to: PRESENT, oldest: OLDEST, points: [], gaps: [], troubles: [] }
      : snapshotAt(at);
  response.writeHead(isKept ? 200 : 404, {
    "content-type": "application/json",
    "access-control-allow-origin": "*",
  });
  response.end(JSON.stringify(body));
}

/** Play the end of the outage. Returns what lets it arrive in the present. */
function playOn(server: Server): () => void {
  const sockets = new WebSocketServer({ server, handleProtocols: () => "livingmap.v1" });
  sockets.on("connection", (socket, request) => {
    const from = new URL(request.url ?? "", "http://map").searchParams.get("from");
    const send = (message: object) => socket.send(JSON.stringify(message));
    if (from === null) return send({ kind: "heartbeat", cursor: "e.1", timestamp: NOON });
    const change = {
      op: "put",
      layer: "nodes",
      collection: "items",
      id: NODE,
      set: { status: "online" },
      unset: [],
    };
    send({ kind: "snapshot", reason: "past", cursor: "e.1", timestamp: from, payload: snapshotAt(from) });
    send({
      kind: "event",
      cursor: "e.2",
      event_type: "node.status.update",
      timestamp: LATER,
      payload: { node_id: "hazel-15" },
      changes: [change],
    });
    send({
      kind: "heartbeat",
      cursor: "e.2",
      timestamp: "2026-11-29T15:00:00.000Z",
      at: HEARTBEAT,
    });
  });
  return () => {
    for (const one of sockets.clients) one.send(JSON.stringify({ kind: "live", at: PRESENT, cursor: "e.3" }));
  };
}
