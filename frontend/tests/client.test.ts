// @vitest-environment node
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import {
  LivingMapClient,
  type MapEvent,
  type MapState,
  type Snapshot,
  snapshotOf,
} from "../src/features/livingMap/index.ts";
import { type RealMap, startMap, until } from "./server.ts";

const running: (() => unknown)[] = [];

afterEach(async () => {
  for (const stop of running.splice(0).reverse()) await stop();
  Object.assign(globalThis, { WebSocket });
});
Object.assign(globalThis, { WebSocket });

let shared: RealMap;
beforeAll(async () => {
  shared = await startMap(30);
});
afterAll(() => shared.stop());

async function ownMap(port = 0): Promise<RealMap> {
  const made = await startMap(30, port);
  running.push(made.stop);
  return made;
}

function client(options: ConstructorParameters<typeof LivingMapClient>[0]): LivingMapClient {
  const made = new LivingMapClient(options);
  running.push(() => made.stop());
  made.start();
  return made;
}

const events = (of: LivingMapClient) => of.getState().data.events;
const connection = (of: LivingMapClient) => of.getState().connection;

async function live(of: LivingMapClient, count = 1): Promise<void> {
  await until(of.subscribe, () => connection(of).status === "live" && events(of).length >= count);
}

/** Ask for snapshots until one is of a position that the client shows: it passes over most, ten times a second. */
async function expectSnapshot(of: LivingMapClient, url: string): Promise<void> {
  const shown = new Map<string | null, MapState["data"]>();
  const note = () => shown.set(of.getState().data.cursor, of.getState().data);
  note();
  running.push(of.subscribe(note));
  for (let attempt = 0; attempt < 100; attempt++) {
    const told = (await (await fetch(`${url}/living-map/snapshot`)).json()) as Snapshot;
    await new Promise((resolve) => setTimeout(resolve, 250));
    const data = shown.get(told.meta.cursor);
    if (!data?.meta) continue;
    expect(snapshotOf(data.scene, data.meta, data.generatedAt).layers).toEqual(told.layers);
    return;
  }
  throw new Error("the client and the snapshot never met");
}

describe("against the real map a client", () => {
  test("is live by WebSocket and holds what the map holds", async () => {
    const { url } = shared;
    const one = client({ url });
    await live(one, 10);
    expect(connection(one)).toEqual({ status: "live", transport: "websocket", error: null, retryAt: null });
    await expectSnapshot(one, url);
  });

  test("goes on by server-sent events where a WebSocket does not pass", async () => {
    const { url } = shared;
    Object.assign(globalThis, {
      WebSocket: class extends WebSocket {
        constructor(address: URL) {
          super(new URL("/blocked", address));
        }
      },
    });
    const one = client({ url });
    await live(one, 10);
    expect(connection(one).transport).toBe("events");
    await expectSnapshot(one, url);
  });

  test("finds back to a map that was started anew", async () => {
    const first = await ownMap();
    const one = client({ url: first.url });
    const agents = () => one.getState().data.scene.agents?.collections.items?.size ?? 0;
    await live(one, 3);
    await until(one.subscribe, () => agents() > 0);
    const before = one.getState().data.cursor;
    await first.stop();
    await until(one.subscribe, () => connection(one).status === "reconnecting");
    expect(agents()).toBeGreaterThan(0);
    await ownMap(first.port);
    await until(one.subscribe, () => connection(one).status === "live" && one.getState().data.cursor !== before);
    await expectSnapshot(one, first.url);
  });

  test("sees only the layers that it asked for", async () => {
    const { url } = shared;
    const one = client({ url, layers: ["nodes", "city"] });
    await live(one, 3);
    expect(Object.keys(one.getState().data.scene).sort()).toEqual(["city", "nodes"]);
  });

  test("stands still while paused, and then shows all at once", async () => {
    const { url } = shared;
    const one = client({ url });
    await live(one, 3);
    one.pause();
    const { data } = one.getState();
    await until(one.subscribe, () => one.getState().held > 20);
    expect(one.getState().data).toBe(data);
    let updates = 0;
    one.subscribe(() => updates++);
    one.resume();
    expect(updates).toBe(1);
    expect(one.getState().data.events.length).toBeGreaterThan(data.events.length);
    await expectSnapshot(one, url);
  });

  test("tells of events once, in their order", async () => {
    const { url } = shared;
    const one = client({ url });
    const told: MapEvent[] = [];
    one.subscribeEvents((fresh) => told.push(...fresh));
    await live(one, 60);
    expect(told.toReversed().slice(0, 60)).toEqual(events(one).slice(0, 60));
  });

  test("asks the rest of the API", async () => {
    const { url } = shared;
    const one = client({ url });
    await live(one, 3);
    const page = await one.ask<{ items: { event_type: string }[] }>("living-map/history", { limit: 2 });
    expect(page.items).toHaveLength(2);
    await expect(one.ask("living-map/entities/agent:nobody")).rejects.toMatchObject({
      status: 404,
      code: "unknown_entity",
    });
  });

  test("that names a layer which is not there is refused, and says why", async () => {
    const { url } = shared;
    const one = client({ url, layers: ["sky"] });
    await until(one.subscribe, () => connection(one).status === "refused");
    expect(connection(one).error).toMatchObject({ status: 422, code: "unknown_layer" });
  });
});

/** A door that takes one token after another, to see what a client shows it. */
async function door(accepts: (token: string | undefined) => boolean) {
  const seen: { url: string; header: string | undefined; protocols: string | undefined }[] = [];
  const server = createServer((request, response) => {
    const header = request.headers.authorization;
    seen.push({ url: String(request.url), header, protocols: undefined });
    const isIn = accepts(header?.replace("Bearer ", ""));
    response.writeHead(isIn ? 200 : 401, { "content-type": "application/json" });
    const meta = { version: "1", cursor: "c0", source_services: [], sources: [] };
    const body = isIn
      ? { generated_at: "now", layers: {}, meta }
      : { code: "unauthenticated", detail: "who are you?" };
    response.end(JSON.stringify(body));
  });
  const sockets = new WebSocketServer({ server, handleProtocols: () => "livingmap.v1" });
  sockets.on("connection", (socket, request) => {
    const protocols = request.headers["sec-websocket-protocol"];
    seen.push({ url: String(request.url), header: request.headers.authorization, protocols });
    const token = /bearer\.([^,]+)/.exec(protocols ?? "")?.[1];
    if (!accepts(token)) socket.close(4401, "the token has expired");
    else socket.send(JSON.stringify({ kind: "heartbeat", cursor: "c1", timestamp: "now" }));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  running.push(() => {
    for (const socket of sockets.clients) socket.terminate();
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/map`, seen, sockets };
}

describe("with a token a client", () => {
  test("shows it by header and by subprotocol, and never in an address", async () => {
    const { url, seen } = await door((token) => token === "t1");
    const one = client({ url, getToken: async () => "t1" });
    await until(one.subscribe, () => connection(one).status === "live");
    expect(seen).toEqual([
      { url: "/map/living-map/snapshot", header: "Bearer t1", protocols: undefined },
      {
        url: "/map/living-map/stream?cursor=c0&batch=true",
        header: undefined,
        protocols: "livingmap.v1,bearer.t1",
      },
    ]);
  });

  test("asks for a new one when the old one has run out, and goes on", async () => {
    let good = "t1";
    const { url, sockets } = await door((token) => token === good);
    const one = client({ url, getToken: () => good });
    await until(one.subscribe, () => connection(one).status === "live");
    good = "t2";
    for (const socket of sockets.clients) socket.close(4401, "the token has expired");
    await until(one.subscribe, () => connection(one).status === "reconnecting");
    await until(one.subscribe, () => connection(one).status === "live");
  });

  test("shows a new one on the open line when it is warned", async () => {
    let good = "t1";
    const { url, sockets, seen } = await door((token) => token === good);
    const one = client({ url, getToken: () => good });
    await until(one.subscribe, () => connection(one).status === "live");
    good = "t2";
    const [socket] = sockets.clients;
    const answer = once(socket as WebSocket, "message");
    socket?.send(JSON.stringify({ kind: "warning", code: "token_expires", detail: "soon" }));
    expect(JSON.parse(String((await answer)[0]))).toEqual({ kind: "auth", token: "t2" });
    const said: string[] = [];
    socket?.on("message", (data) => said.push(String(data)));
    socket?.send(JSON.stringify({ kind: "warning", code: "token_expires", detail: "soon" }));
    socket?.ping();
    await once(socket as WebSocket, "pong");
    expect(said).toEqual([]); // there is no other token to show
    expect(seen).toHaveLength(2);
  });

  test("that is not accepted says so, and is let in with another", async () => {
    let token = "wrong";
    const { url, seen } = await door((shown) => shown === "right");
    const one = client({ url, getToken: () => token });
    await until(one.subscribe, () => connection(one).status === "unauthenticated");
    expect(connection(one).error).toMatchObject({ status: 401, code: "unauthenticated", message: "who are you?" });
    expect(seen).toHaveLength(2);
    token = "right";
    one.retry();
    await until(one.subscribe, () => connection(one).status === "live");
  });
});

test("a client whose messages cannot be read asks for a new snapshot", async () => {
  const { url, sockets, seen } = await door(() => true);
  const one = client({ url });
  await until(one.subscribe, () => connection(one).status === "live");
  for (const socket of sockets.clients) socket.send("{ no message");
  await until(one.subscribe, () => connection(one).status === "reconnecting");
  await until(one.subscribe, () => connection(one).status === "live");
  expect(seen.at(-1)?.url).toBe("/map/living-map/stream?batch=true");
});
