/** The numbers of a thing that its details show: which there are, and how they are to be shown. */

import type { Item } from "../client/scene.ts";
import { field, numberIn } from "./json.ts";
import { kindOfId } from "./registry.ts";

export type Values = ReadonlyMap<string, number>;

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

/** Those that are shares between 0 and 1. */
export const SHARES: ReadonlySet<string> = new Set(["cpu", "gpu", "ram", "memory", "activity"]);

/** Those that change often enough for a line to be of use. */
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

/** Return the numbers of an item by name, in the order in which they are shown. */
export function valuesOf(item: Item): Values {
  const values = new Map<string, number>();
  const add = (name: string, value: number | undefined) => value !== undefined && values.set(name, value);
  for (const name of METRICS) add(name, numberIn(item.metrics, name));
  if (!field(item, "metrics")) for (const name of ["cpu", "gpu", "memory"]) add(name, numberIn(item, name));
  for (const name of USAGE) add(name, numberIn(item.usage, name));
  for (const name of [...PLAIN, ...(kindOfId(item.id).numbers ?? [])]) add(name, numberIn(item, name));
  return values;
}

/** Return how lively a thing is, in whatever it counts; undefined for a thing that counts nothing. */
export function activityOf(item: Item): number | undefined {
  return (
    numberIn(item.usage, "invocations_24h") ??
    numberIn(item.usage, "llm_calls_24h") ??
    numberIn(item, "messages_24h") ??
    numberIn(item, "members_online") ??
    numberIn(item, "active_proposals") ??
    numberIn(item, "agents")
  );
}
