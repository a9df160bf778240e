/** The live values of the item that is looked at: what they are, and how they went since it was opened. */

import { useEffect, useState } from "react";
import { findItem } from "../client/entities.ts";
import type { Item } from "../client/scene.ts";
import { useLivingMapClient } from "../hooks/LivingMapProvider.tsx";
import { field, numberIn } from "./catalogue.ts";
import type { Sample } from "./Sparkline.tsx";

export type Values = ReadonlyMap<string, number>;

const MOST_SAMPLES = 300;
const PLAIN = [
  "messages_1h",
  "messages_24h",
  "members_online",
  "members",
  "agents",
  "nodes",
  "activity",
  "active_proposals",
  "governance_temperature",
  "anomaly_score",
  "votes_yes",
  "votes_no",
  "votes_abstain",
  "calls",
  "tokens",
] as const;
const USAGE = ["tokens_24h", "llm_calls_24h", "invocations_24h", "tool_calls_24h"] as const;
const METRICS = ["cpu", "gpu", "ram", "net_in", "net_out"] as const;

/** Those of the values that are shares between 0 and 1. */
export const SHARES: ReadonlySet<string> = new Set(["cpu", "gpu", "ram", "memory", "activity"]);

/** Those that change often enough for a line to say something. */
export const LIVELY: ReadonlySet<string> = new Set([
  ...METRICS,
  ...USAGE,
  "memory",
  "messages_1h",
  "messages_24h",
  "members_online",
  "activity",
  "governance_temperature",
]);

/** Return the numbers of an item that live, by name. */
export function valuesOf(item: Item): Values {
  const found = new Map<string, number>();
  const add = (name: string, value: number | undefined) => value !== undefined && found.set(name, value);
  for (const name of METRICS) add(name, numberIn(item.metrics, name));
  if (!field(item, "metrics")) for (const name of ["cpu", "gpu", "memory"]) add(name, numberIn(item, name));
  for (const name of USAGE) add(name, numberIn(item.usage, name));
  for (const name of PLAIN) add(name, numberIn(item, name));
  return found;
}

export type Samples = ReadonlyMap<string, readonly Sample[]>;

const NONE: Samples = new Map();
const SHOWN_MS = 500;

/** The samples of each live value of an item since it was opened, with `earlier` ones before them. */
export function useSamples(id: string, earlier: Samples = NONE): Samples {
  const client = useLivingMapClient();
  const [samples, setSamples] = useState<Samples>(NONE);
  useEffect(() => {
    const taken = new Map<string, Sample[]>();
    let last: Item | undefined;
    let isNew = true;
    const look = () => {
      const item = findItem(client.getState().data.scene, id)?.item;
      if (!item || item === last) return;
      last = item;
      isNew = true;
      for (const [name, value] of valuesOf(item)) {
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
  }, [client, id, earlier]);
  return samples;
}
