import { useCallback, useSyncExternalStore } from "react";
import type { LivingMapClient } from "../client/client.ts";
import type { StandardLayers, StandardThings } from "../client/layers.ts";
import type { Layer, Thing } from "../client/scene.ts";
import { type MapState, NEW_STATE } from "../client/state.ts";
import { findItem } from "../domain/entities.ts";
import { useLivingMapClient } from "./LivingMapProvider.tsx";

/** What `select` takes out of a client's state. A server shows what a client knows that has read nothing yet. */
export function useStateOf<Selected>(client: LivingMapClient, select: (state: MapState) => Selected): Selected {
  return useSyncExternalStore(
    client.subscribe,
    () => select(client.getState()),
    () => select(NEW_STATE),
  );
}

/**
 * What `select` takes out of the state; the component is drawn again only when that changes (`Object.is`). Needs a
 * `<LivingMapProvider>`. Select what is there, do not make something new.
 */
export function useLivingMap<Selected>(select: (state: MapState) => Selected): Selected {
  return useStateOf(useLivingMapClient(), select);
}

/** What is known of a thing by its id: `agent:…` is an `Agent`. */
export type ThingOf<Id extends string> = Id extends `${infer Type}:${string}`
  ? Type extends keyof StandardThings
    ? StandardThings[Type]
    : Thing
  : Thing;

/** One item by id, of several layers that have it from the first by name; undefined while the map does not have it. */
export function useLivingMapEntity<const Id extends string>(id: Id): ThingOf<Id> | undefined;
export function useLivingMapEntity<Known extends Thing>(id: string): Known | undefined;
export function useLivingMapEntity(id: string): Thing | undefined {
  return useLivingMap(useCallback((state: MapState) => findItem(state.data.scene, id)?.item, [id]));
}

/** A layer whose JSON is known: its totals, and its collections of items by id. */
export type LayerOf<Known> = {
  readonly totals: Layer["totals"];
  readonly collections: {
    readonly [Name in keyof Known as string extends Name
      ? never
      : NonNullable<Known[Name]> extends readonly Thing[]
        ? Name
        : never]?: NonNullable<Known[Name]> extends readonly (infer One)[] ? ReadonlyMap<string, One> : never;
  };
};

/** One layer: its totals, and its collections of items by id. */
export function useLivingMapLayer<Name extends keyof StandardLayers>(
  name: Name,
): LayerOf<NonNullable<StandardLayers[Name]>> | undefined;
export function useLivingMapLayer<Known>(name: string): LayerOf<Known> | undefined;
export function useLivingMapLayer(name: string): Layer | undefined;
export function useLivingMapLayer(name: string): Layer | undefined {
  return useLivingMap(useCallback((state: MapState) => state.data.scene[name], [name]));
}
