/** The live values of the item that is looked at: what they are, and how they went since it was opened. */

import { useEffect, useState } from "react";
import type { Item } from "../client/scene.ts";
import { valuesOf } from "../domain/values.ts";
import { useLivingMapClient } from "../hooks/LivingMapProvider.tsx";
import { useRegistry } from "./registry.tsx";
import type { Sample } from "./Sparkline.tsx";

const MOST_SAMPLES = 300;
export type Samples = ReadonlyMap<string, readonly Sample[]>;

const NONE: Samples = new Map();
const SHOWN_MS = 500;

/** The samples of each live value of an item since it was opened, with `earlier` ones before them. */
export function useSamples(id: string, earlier: Samples = NONE): Samples {
  const client = useLivingMapClient();
  const registry = useRegistry();
  const [samples, setSamples] = useState<Samples>(NONE);
  useEffect(() => {
    const taken = new Map<string, Sample[]>();
    let last: Item | undefined;
    let isNew = true;
    const look = () => {
      const item = registry.find(client.getState().data.scene, id)?.item;
      if (!item || item === last) return;
      last = item;
      isNew = true;
      for (const [{ name }, value] of valuesOf(item, registry.kindOfId(id))) {
        const list = taken.get(name) ?? [];
        list.push({ at: Date.now(), value });
        taken.set(name, list.slice(-MOST_SAMPLES));
      }
    };
    // Each tick lengthens the line to the present, also where nothing changes.
    const show = () => {
      const now = Date.now();
      const upToNow = [...taken].map(([name, list]) => {
        const before = (earlier.get(name) ?? []).filter(({ at }) => at < (list[0]?.at ?? now));
        const value = list.at(-1)?.value ?? 0;
        return [name, [...before, ...list, { at: now, value }]] as const;
      });
      if (isNew || last) setSamples(new Map(upToNow));
      isNew = false;
    };
    look();
    show();
    const leave = client.subscribe(look);
    const timer = setInterval(show, SHOWN_MS);
    return () => {
      leave();
      clearInterval(timer);
    };
  }, [client, registry, id, earlier]);
  return samples;
}
