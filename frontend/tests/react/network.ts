/** A network of its own for tests of React: a map that answers at once, and sockets that can be counted. */

import type { Snapshot } from "../../src/features/livingMap/index.ts";

export type Answers = Readonly<Record<string, unknown>>;

const META = { version: "1", cursor: "c0", phase: "live", sources: [], source_services: [], collisions: [] };

export const SNAPSHOT = {
  generated_at: "2026-11-29T12:00:00Z",
  layers: {
    city: { items: [] },
    space: { planets: [], nodes: [] },
    nodes: { items: [{ id: "node:one", status: "online" }] },
    agents: { items: [{ id: "agent:sofia", name: "Sofia", status: "online" }] },
  },
  meta: META,
} as unknown as Snapshot;

export class Network {
  /** Every request and socket, in its order. */
  readonly asked: string[] = [];
  readonly sockets: Socket[] = [];
  /** By path of the API; a function decides each time. Anything else is answered with 404. */
  answers: Record<string, (url: URL) => Response | Promise<Response>> = {
    "living-map/snapshot": () => Response.json(SNAPSHOT),
    "living-map/sources": () => Response.json({ items: [] }),
    "living-map/timeline": () => Response.json({ oldest: null, to: "2026-11-29T12:00:00Z" }),
  };
  /** What a socket receives as soon as it is open. */
  greeting: object = { kind: "heartbeat", cursor: "c1", timestamp: "2026-11-29T12:00:01Z" };

  install(): void {
    const network = this;
    Object.assign(globalThis, {
      fetch: async (url: URL, init?: RequestInit) => {
        network.asked.push(String(url));
        init?.signal?.throwIfAborted();
        const path = Object.keys(network.answers).find((one) => url.pathname.endsWith(one));
        return path ? await network.answers[path]?.(url) : new Response("<h1>Not found</h1>", { status: 404 });
      },
      WebSocket: class extends Socket {
        constructor(url: URL, protocols: string[]) {
          super(url, protocols, network);
        }
      },
    });
  }

  get open(): number {
    return this.sockets.filter(({ isOpen }) => isOpen).length;
  }

  say(message: object): void {
    for (const socket of this.sockets) if (socket.isOpen) socket.onmessage?.({ data: JSON.stringify(message) });
  }
}

class Socket {
  isOpen = true;
  readonly protocols: readonly string[];
  onmessage: ((message: { data: string }) => void) | null = null;
  onclose: ((end: { code: number; reason: string }) => void) | null = null;
  onerror: (() => void) | null = null;

  constructor(url: URL, protocols: string[], network: Network) {
    this.protocols = protocols;
    network.asked.push(String(url));
    network.sockets.push(this);
    queueMicrotask(() => this.isOpen && this.onmessage?.({ data: JSON.stringify(network.greeting) }));
  }

  send(): void {}

  close(code = 1000): void {
    this.isOpen = false;
    this.onclose?.({ code, reason: "" });
  }
}

export function eventOf(type: string, number: number): object {
  const timestamp = "2026-11-29T12:00:02Z";
  return { kind: "event", cursor: `e${number}`, event_type: type, timestamp, payload: {}, changes: [] };
}
