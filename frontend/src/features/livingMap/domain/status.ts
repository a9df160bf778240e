/** How a thing is: the word that it reports, and the tone in which that is judged. */

import type { Item } from "../client/scene.ts";
import { valueAt } from "./json.ts";
import type { Kind } from "./kind.ts";
import type { Registry } from "./registry.ts";
import { isTrouble, type Tone } from "./tones.ts";
import { STATUSES } from "./vocabulary.ts";

/** The words that every kind may use; `statuses` of a kind add its own. */
const TONES: ReadonlyMap<string, Tone> = new Map<string, Tone>([
  ["active", "good"],
  ["online", "good"],
  ["idle", "good"],
  ["busy", "busy"],
  ["degraded", "warn"],
  ["error", "bad"],
  ["failed", "bad"],
  ["offline", "off"],
  ["inactive", "off"],
  ["deleted", "off"],
]);

/** Return the map's word for a status: `online` for `healthy`. A word that the vocabulary lacks stays as it is. */
export function canonical(status: string): string {
  const word = status.trim().toLowerCase();
  return Object.hasOwn(STATUSES, word) ? (STATUSES[word] ?? word) : word;
}

/** Return the tone of a status of a kind; a word that means nothing here is `idle`. */
export function toneOf(status: string, { statuses, trouble }: Kind): Tone {
  const [raw, word] = [status.trim().toLowerCase(), canonical(status)];
  const own = Object.hasOwn(statuses, raw)
    ? statuses[raw]
    : Object.hasOwn(statuses, word)
      ? statuses[word]
      : undefined;
  if (own) return own.tone;
  const tone = TONES.get(word) ?? "idle";
  if (isTrouble(tone) || !trouble.includes(word)) return tone;
  return tone === "off" ? "bad" : "warn";
}

/** Whether anybody has said if a status of a kind is trouble. */
export function isJudged(status: string, { statuses, trouble }: Kind): boolean {
  const [raw, word] = [status.trim().toLowerCase(), canonical(status)];
  return [raw, word].some((one) => Object.hasOwn(statuses, one) || TONES.has(one) || trouble.includes(one));
}

/** The condition of what reports none. */
export const UNKNOWN = "unknown";

/** Return the word for how an item is; `unknown` where no source reports any. */
export function conditionOf(item: Item, { status }: Kind): string {
  const word = valueAt(item, status) ?? item.status;
  return typeof word === "string" && word !== "" ? word : UNKNOWN;
}

export function toneOfItem(item: Item, registry: Registry): Tone {
  const kind = registry.kindOfId(item.id);
  return toneOf(conditionOf(item, kind), kind);
}
