/** The live values of the item that is looked at, and how they went since it was opened. */

import { useEffect, useState } from "react";
import type { LivingMapClient } from "../client/client.ts";
import { mapNow } from "../client/clock.ts";
import type { Item } from "../client/scene.ts";
import type { MapState } from "../client/state.ts";
import type { Registry } from "../domain/registry.ts";
import type { Sample } from "../domain/series.ts";
import { valuesOf } from "../domain/values.ts";
import { useLivingMapClient } from "../hooks/LivingMapProvider.tsx";
import { usePast } from "./moment.ts";
import { useRegistry } from "./registry.tsx";

const MOST_SAMPLES = 300;
export type Samples = ReadonlyMap<string, readonly Sample[]>;

const NONE: Samples = new Map();
const SHOWN_MS = 1000;

/** The samples of each live value of an item since it was opened; none of the past, of which there are series. */
export function useSamples(id: string): Samples {
  const client = useLivingMapClient();
  const registry = useRegistry();
  const isPast = usePast();
  const [samples, setSamples] = useState<Samples>(NONE);
  useEffect(() => {
    setSamples(NONE);
    return isPast ? undefined : take(client, registry, id, setSamples);
  }, [client, registry, id, isPast]);
  return samples;
}

function isCurrent({ connection, paused, data: { meta } }: MapState): boolean {
  return connection.status === "live" && !paused && meta?.standing_still_since === null;
}

function take(
  client: LivingMapClient,
  registry: Registry,
  id: string,
  show: (samples: Samples) => void,
): () => void {
  const taken = new Map<string, Sample[]>();
  let last: Item | undefined;
  const look = () => {
    const item = registry.find(client.getState().data.scene, id)?.item;
    if (!item || item === last) return;
    last = item;
    for (const [{ name }, value] of valuesOf(item, registry.kindOfId(id))) {
      const list = taken.get(name) ?? [];
      list.push({ at: mapNow(), value });
      taken.set(name, list.slice(-MOST_SAMPLES));
    }
  };
  // each tick lengthens the lines to the present, also where nothing changes; what is not known is not drawn
  const tick = () => {
    if (!isCurrent(client.getState())) return;
    const now = mapNow();
    show(
      new Map(
        [...taken].map(([name, list]) => [name, [...list, { at: now, value: list.at(-1)?.value ?? 0 }]] as const),
      ),
    );
  };
  look();
  tick();
  const leave = client.subscribe(look);
  const timer = setInterval(tick, SHOWN_MS);
  return () => {
    leave();
    clearInterval(timer);
  };
}
