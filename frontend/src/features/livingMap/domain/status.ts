/** How a thing is: the word that it reports, and the tone in which that is judged. */

import type { Item } from "../client/scene.ts";
import { typeOf } from "./entities.ts";
import { kindOf } from "./registry.ts";
import { isTrouble, type Tone } from "./tones.ts";
import { STATUSES, TYPES } from "./vocabulary.ts";

/** The words that every kind may use; `tones` of a kind add its own. */
const TONES: ReadonlyMap<string, Tone> = new Map<string, Tone>([
  ["active", "good"],
  ["online", "good"],
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

/** Return the tone of a status of a type; a word that means nothing here is `idle`. */
export function toneOf(status: string, type = ""): Tone {
  const [raw, word] = [status.trim().toLowerCase(), canonical(status)];
  const { tones = {} } = kindOf(type);
  const own = Object.hasOwn(tones, raw) ? tones[raw] : undefined;
  const tone = own ?? TONES.get(word) ?? "idle";
  const means = Object.hasOwn(TYPES, type) && TYPES[type]?.trouble.includes(word);
  if (!means || isTrouble(tone)) return tone;
  return tone === "off" ? "bad" : "warn";
}

/** Return the word for how an item is; `unknown` where no source reports any. */
export function conditionOf(item: Item): string {
  const { status } = kindOf(typeOf(item.id));
  const word = status ? status(item) : item.status;
  return typeof word === "string" ? word : "unknown";
}

export function toneOfItem(item: Item): Tone {
  return toneOf(conditionOf(item), typeOf(item.id));
}
