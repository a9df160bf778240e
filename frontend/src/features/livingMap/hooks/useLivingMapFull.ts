import { useSyncExternalStore } from "react";
import type { ClientOptions } from "../client/client.ts";
import type { MapError } from "../client/http.ts";
import type { ConnectionStatus } from "../client/machine.ts";
import type { MapEvent, Snapshot } from "../client/messages.ts";
import { snapshotOf } from "../client/reduce.ts";
import type { MapData, MapState } from "../client/state.ts";
import { useOwnClient, useProvidedClient } from "./LivingMapProvider.tsx";

export type LivingMapFull = {
  /** The whole network, as `GET /living-map/snapshot` returns it; null until the first one is there. */
  readonly snapshot: Snapshot | null;
  /** The latest events, the newest first, at most 200. */
  readonly events: readonly MapEvent[];
  /** Whether the first snapshot is still to come. */
  readonly isLoading: boolean;
  readonly error: MapError | null;
  readonly connectionStatus: ConnectionStatus;
};

/**
 * The whole map, live. The snapshot is immutable: whatever did not change is the very same object as before. There is
 * at most one update per animation frame. Below a `<LivingMapProvider>` its connection is used, else one of its own.
 */
export function useLivingMapFull(options: ClientOptions = {}): LivingMapFull {
  const provided = useProvidedClient();
  const client = useOwnClient(provided, options, provided === null);
  return fullOf(useSyncExternalStore(client.subscribe, client.getState, client.getState));
}

function fullOf({ data, connection }: MapState): LivingMapFull {
  const ended = ["unauthenticated", "forbidden", "refused"].includes(connection.status);
  return {
    snapshot: snapshotFrom(data),
    events: data.events,
    isLoading: data.meta === null && !ended,
    error: connection.error,
    connectionStatus: connection.status,
  };
}

const snapshots = new WeakMap<MapData, Snapshot>();

function snapshotFrom(data: MapData): Snapshot | null {
  if (!data.meta) return null;
  let snapshot = snapshots.get(data);
  if (!snapshot) {
    snapshot = snapshotOf(data.scene, data.meta, data.generatedAt);
    snapshots.set(data, snapshot);
  }
  return snapshot;
}
