import type { LivingMapClient } from "../client/client.ts";
import { addressOf, type MapError } from "../client/http.ts";
import type { StandardLayers } from "../client/layers.ts";
import { type ConnectionStatus, ENDED } from "../client/machine.ts";
import type { MapEvent, Snapshot } from "../client/messages.ts";
import { once, snapshotOf } from "../client/reduce.ts";
import type { MapData, MapState, ShownTime } from "../client/state.ts";
import { type LivingMapOptions, useOwnClient, useProvided } from "./LivingMapProvider.tsx";
import { useStateOf } from "./selectors.ts";

export type LivingMapFull<Layers = StandardLayers> = {
  /** The whole network, as `GET /living-map/snapshot` returns it; null until the first one is there. */
  readonly snapshot: Snapshot<Layers> | null;
  /** The latest events, the newest first, at most `keepEvents`. */
  readonly events: readonly MapEvent[];
  /** Whether the first snapshot is still to come. */
  readonly isLoading: boolean;
  readonly error: MapError | null;
  readonly connectionStatus: ConnectionStatus;
};

/**
 * The whole map, live. The snapshot is immutable: whatever did not change is the very same object as before. There are
 * at most ten updates a second. Below a `<LivingMapProvider>` its connection is used, and its `url`,
 * `getToken`, `keepEvents` and `enabled` hold; else there is one of its own. With `at` it is the map as it was at that
 * moment, which needs no connection: its status is `idle` then. `Layers` are those of the plugins that come with the map;
 * for others say what they are: `useLivingMapFull<StandardLayers & { weather: { items: Station[] } }>()`.
 */
export function useLivingMapFull<Layers = StandardLayers>(options: LivingMapOptions = {}): LivingMapFull<Layers> {
  const provided = useProvided();
  if (process.env.NODE_ENV !== "production" && provided) checkUrl(options, provided.client);
  const isShared = provided !== null && options.at === undefined;
  const all = { ...provided?.client.options, ...options };
  const client = useOwnClient(isShared ? provided.client : null, all, !isShared);
  const isEnabled = isShared ? provided.isEnabled : (options.enabled ?? true);
  return fullOf(useStateOf(client, wholeState), isEnabled);
}

const wholeState = (state: MapState): MapState => state;

/** Who names another map than the provider's would be shown the provider's all the same. */
function checkUrl({ url }: LivingMapOptions, { options }: LivingMapClient): void {
  if (url === undefined || addressOf(url) === addressOf(options.url)) return;
  throw new Error(
    `useLivingMapFull({ url: "${url}" }) stands below a <LivingMapProvider> of another map, "${options.url ?? ""}"; ` +
      "leave the url out, or give that map a provider of its own",
  );
}

function fullOf<Layers>({ data, connection, time }: MapState, isEnabled: boolean): LivingMapFull<Layers> {
  const status = time.mode === "past" ? pastStatus(time) : connection.status;
  const hasEnded = ENDED.includes(status);
  return {
    // what the layers are is only known to those who run the plugins
    snapshot: snapshotFrom(data) as Snapshot<Layers> | null,
    events: data.events,
    isLoading: data.meta === null && isEnabled && !hasEnded,
    error: time.error ?? (time.mode === "past" ? null : connection.error),
    connectionStatus: status,
  };
}

function pastStatus({ isLoading, error }: ShownTime): ConnectionStatus {
  if (isLoading) return "connecting";
  if (!error) return "idle";
  if (error.status === 401) return "unauthenticated";
  if (error.status === 403) return "forbidden";
  return error.status === null || error.status >= 500 ? "error" : "refused";
}

const snapshotFrom = /* @__PURE__ */ once(
  ({ scene, meta, generatedAt }: MapData): Snapshot | null => meta && snapshotOf(scene, meta, generatedAt),
);
