/** The messages of the stream, as they come over the wire, and how one is read. */

import type { components } from "./openapi.ts";
import type { Item, Json } from "./scene.ts";

export type Put = {
  readonly op: "put";
  readonly layer: string;
  readonly collection: string;
  readonly id: string;
  readonly set: Readonly<Record<string, Json>>;
  readonly unset: readonly string[];
};

export type Drop = {
  readonly op: "drop";
  readonly layer: string;
  readonly collection: string;
  readonly id: string;
};

export type Total = {
  readonly op: "total";
  readonly layer: string;
  readonly set: Readonly<Record<string, Json>>;
  readonly unset: readonly string[];
};

/** How the map differs after an event. Applied in order, changes give exactly the next snapshot. */
export type Change = Put | Drop | Total;

export type SnapshotMeta = components["schemas"]["Meta"];

/** A layer as JSON: totals and lists of items side by side. */
export type LayerJson = { readonly [name: string]: Json | readonly Item[] };

/** What `GET /living-map/snapshot` answers; `Layers` says what is known of its layers. */
export type Snapshot<Layers = { readonly [name: string]: LayerJson }> = {
  readonly generated_at: string;
  readonly layers: Layers;
  readonly meta: SnapshotMeta;
};

export type SnapshotMessage = {
  readonly kind: "snapshot";
  readonly cursor: string;
  readonly reason: string;
  readonly timestamp: string;
  readonly payload: Snapshot;
};

/** One entry of the log, with what it changed. */
export type MapEvent = {
  readonly kind: "event";
  readonly cursor: string;
  readonly event_type: string;
  readonly timestamp: string;
  readonly payload: { readonly [name: string]: Json };
  readonly changes: readonly Change[];
  /** What each change found, as this client held it: the whole item, or the layer's totals; not sent over the wire. */
  readonly former?: readonly (Readonly<Record<string, Json>> | undefined)[];
};

/** What came of `skipped` events that this client was too slow to be sent. */
export type ChangesMessage = {
  readonly kind: "changes";
  readonly cursor: string;
  readonly skipped: number;
  readonly changes: readonly Change[];
};

/** Nothing else was sent for a while. An older map does not report how it stands to its log. */
export type Heartbeat = {
  readonly kind: "heartbeat";
  readonly cursor: string;
  readonly timestamp: string;
  readonly phase?: SnapshotMeta["phase"];
  readonly standing_still_since?: string | null;
  /** Ids that several things claim now. */
  readonly collisions?: SnapshotMeta["collisions"];
  /** The moment to which a play has come. */
  readonly at?: string | null;
};
export type Restarting = { readonly kind: "restarting"; readonly retry_after_ms: number };
/** The token is about to be of no use: another may be shown on the same line. */
export type Warning = { readonly kind: "warning"; readonly code: string; readonly detail: string };
/** A play goes on, or stands still. */
export type PlayMessage = { readonly kind: "playing" | "paused"; readonly at: string };
/** A play has come to the present, or to the end that was asked for. */
export type PlayEnd = { readonly kind: "live" | "end"; readonly at: string };
export type ErrorMessage = { readonly kind: "error"; readonly code: string; readonly detail: string };

export type Message =
  | SnapshotMessage
  | MapEvent
  | ChangesMessage
  | Heartbeat
  | Restarting
  | Warning
  | PlayMessage
  | PlayEnd
  | ErrorMessage;

/** Return a snapshot that was read as if it had come over the stream. */
export function messageOfSnapshot(payload: Snapshot, reason: string): SnapshotMessage {
  const { generated_at: timestamp, meta } = payload;
  return { kind: "snapshot", cursor: meta.cursor, reason, timestamp, payload };
}

/** A message of a kind that this client does not know: a newer map may say more. */
export type UnknownMessage = { readonly kind: "unknown" };

/** What a message of the live stream has at least, by its kind. */
export const NEEDS: Readonly<Record<string, string>> = {
  snapshot: "cursor timestamp payload",
  event: "cursor event_type changes",
  changes: "cursor changes",
  heartbeat: "cursor",
  restarting: "retry_after_ms",
  warning: "code detail",
  error: "code detail",
};

/**
 * Read what came at once, a message or an array of them, of the live stream or as `needs` says. Throws SyntaxError for
 * anything that is not a message of the stream; unknown kinds are passed on as such.
 */
export function messagesOf(text: string, needs = NEEDS): (Message | UnknownMessage)[] {
  return [JSON.parse(text)].flat().map((message: Record<string, unknown> | null) => {
    const kind = message?.kind;
    if (!message || typeof kind !== "string") throw new SyntaxError(`not a message: ${text.slice(0, 80)}`);
    if (!Object.hasOwn(needs, kind)) return { kind: "unknown" };
    // the map's setting `stream.snapshot_field` may name it so
    if (kind === "snapshot") message.payload ??= message.data;
    const missing = needs[kind]?.split(" ").find((name) => message[name] === undefined);
    if (missing) throw new SyntaxError(`a ${kind} without ${missing}`);
    return message as Message;
  });
}
