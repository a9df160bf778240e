/** What a client knows at one moment. Immutable; each part keeps its identity until it changes. */

import type { MapError } from "./http.ts";
import type { ConnectionStatus, Transport } from "./machine.ts";
import type { Heartbeat, MapEvent, Message, SnapshotMeta } from "./messages.ts";
import { Draft, sceneOf } from "./reduce.ts";
import { EMPTY_SCENE, type Scene } from "./scene.ts";
import type { Moment } from "./time.ts";

/** What was read of the map. */
export type MapData = {
  readonly scene: Scene;
  /** Null until the first snapshot. */
  readonly meta: SnapshotMeta | null;
  /** The time of `scene`. */
  readonly generatedAt: string;
  readonly cursor: string | null;
  /** The latest events, the newest first; bounded. */
  readonly events: readonly MapEvent[];
};

export type Connection = {
  readonly status: ConnectionStatus;
  readonly transport: Transport | null;
  /** Why the connection failed last; null while live. */
  readonly error: MapError | null;
  /** When the next attempt comes, in ms since 1970. */
  readonly retryAt: number | null;
};

/** Which moment is shown, and why the one that is asked for is not. */
export type ShownTime = Moment & { readonly error: MapError | null };

/** A stretch of time, as the map gave its ends. */
export type Stretch = { readonly from: string; readonly to: string };

export type MapState = {
  /** What is shown: of the present, or of the moment that was asked for. */
  readonly data: MapData;
  readonly time: ShownTime;
  /** The newest data there is, whatever is shown. */
  readonly present: MapData;
  /** What a map without a present holds, such as a file of the past: its end stands for now. Null for a map that goes on. */
  readonly recording: Stretch | null;
  readonly connection: Connection;
  readonly paused: boolean;
  /** How many events came since the pause began. */
  readonly held: number;
};

export const NO_DATA: MapData = { scene: EMPTY_SCENE, meta: null, generatedAt: "", cursor: null, events: [] };

export const LIVE: ShownTime = {
  mode: "live",
  moment: null,
  at: null,
  isLoading: false,
  speed: null,
  error: null,
};

export const NO_CONNECTION: Connection = { status: "idle", transport: null, error: null, retryAt: null };

export const NEW_STATE: MapState = {
  data: NO_DATA,
  time: LIVE,
  present: NO_DATA,
  recording: null,
  connection: NO_CONNECTION,
  paused: false,
  held: 0,
};

/** Return `data` after `messages`, in their order, and the events among them. Copies nothing twice. */
export function advance(data: MapData, messages: readonly Message[], keepEvents: number): [MapData, MapEvent[]] {
  let { meta, generatedAt, cursor } = data;
  let draft = new Draft(data.scene);
  const fresh: MapEvent[] = [];
  for (const message of messages) {
    if ("cursor" in message) cursor = message.cursor;
    if ("timestamp" in message) generatedAt = message.timestamp;
    if (message.kind === "snapshot") {
      draft = new Draft(sceneOf(message.payload, draft.finish()));
      meta = message.payload.meta;
    } else if (message.kind === "event" || message.kind === "changes") {
      const former = message.changes.map((change) => draft.apply(change));
      if (message.kind === "event") fresh.push({ ...message, former });
    } else if (message.kind === "heartbeat") {
      meta = metaAfter(meta, message);
    }
  }
  const events = fresh.length
    ? [...fresh.slice(-keepEvents).reverse(), ...data.events].slice(0, keepEvents)
    : data.events;
  return [{ scene: draft.finish(), meta, generatedAt, cursor, events }, fresh];
}

/** Take over what a heartbeat reports of the map's own log and ids; the same object if nothing is new. */
function metaAfter(
  meta: SnapshotMeta | null,
  { phase, standing_still_since = null, collisions }: Heartbeat,
): SnapshotMeta | null {
  if (!meta || !phase) return meta;
  const claimed = collisions ?? meta.collisions;
  const isSame =
    meta.phase === phase &&
    meta.standing_still_since === standing_still_since &&
    JSON.stringify(meta.collisions) === JSON.stringify(claimed);
  return isSame ? meta : { ...meta, phase, standing_still_since, collisions: claimed };
}
