import { useCallback, useSyncExternalStore } from "react";
import type { Item, Layer } from "../client/scene.ts";
import type { MapState } from "../client/state.ts";
import { findItem } from "../domain/entities.ts";
import { useLivingMapClient } from "./LivingMapProvider.tsx";

/**
 * What `select` takes out of the state; the component is drawn again only when that changes (`Object.is`). Needs a
 * `<LivingMapProvider>`. Select what is there, do not make something new.
 */
export function useLivingMap<Selected>(select: (state: MapState) => Selected): Selected {
  const client = useLivingMapClient();
  const read = () => select(client.getState());
  return useSyncExternalStore(client.subscribe, read, read);
}

/** One item by id, of several layers that have it from the first by name; undefined while the map does not have it. */
export function useLivingMapEntity(id: string): Item | undefined {
  return useLivingMap(useCallback((state: MapState) => findItem(state.data.scene, id)?.item, [id]));
}

/** One layer: its totals, and its collections of items by id. */
export function useLivingMapLayer(name: string): Layer | undefined {
  return useLivingMap(useCallback((state: MapState) => state.data.scene[name], [name]));
}
