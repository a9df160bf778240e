/** What a thing raises alarm about, and how grave that is. */

import type { Item, Json } from "../client/scene.ts";
import { field } from "./json.ts";
import { gravest, type Tone } from "./tones.ts";

export type Alert = { readonly tone: Tone; readonly text: string };

/** An alert of a severity that is not here counts as a warning; `info` informs and is not trouble. */
const SEVERITIES: ReadonlyMap<string, Tone> = new Map<string, Tone>([
  ["info", "busy"],
  ["error", "bad"],
  ["critical", "bad"],
]);

export function alertsOf({ alerts }: Item): readonly Alert[] {
  return Array.isArray(alerts) ? alerts.map(alertIn) : [];
}

/** Return the tone of the gravest alert; null if there are none. */
export function alertOf(item: Item): Tone | null {
  return gravest(alertsOf(item).map(({ tone }) => tone));
}

function alertIn(alert: Json): Alert {
  const severity = String(field(alert, "severity") ?? "").toLowerCase();
  const text = field(alert, "message") ?? field(alert, "type") ?? (typeof alert === "string" ? alert : severity);
  return { tone: SEVERITIES.get(severity) ?? "warn", text: String(text) };
}
