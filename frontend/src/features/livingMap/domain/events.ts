/** Events in words that people read, and the thing that each is about. */

import type { MapEvent } from "../client/messages.ts";
import type { Json, Scene } from "../client/scene.ts";
import type { Language } from "../i18n/i18n.tsx";
import { typeOf } from "./entities.ts";
import { nameOfId } from "./names.ts";
import type { Registry } from "./registry.ts";
import { aboutOf, fillSentence, plainSentence, type SentenceTable, textsOf } from "./sentences.ts";

/** Return the type of what an event is about; `sources` for what the map itself notes, empty for nothing on the map. */
export function topicOf(event: MapEvent, scene: Scene, registry: Registry): string {
  if (event.event_type.startsWith("livingmap.")) return SOURCES;
  const subject = subjectOf(event, scene, registry);
  return subject === null ? "" : typeOf(subject);
}

export const SOURCES = "sources";

/**
 * Return the id of what an event is about: what it changed, or what its payload names; of several that it names, the
 * one that stands last in lists, as the most particular. Null if that is nothing.
 */
export function subjectOf({ changes, payload }: MapEvent, scene: Scene, registry: Registry): string | null {
  const put = changes.find((change) => change.op !== "total" && registry.homeOf(typeOf(change.id)) !== undefined);
  if (put && put.op !== "total") return put.id;
  const ids = Object.entries(payload)
    .flatMap(([name, value]) => idNamed(name, value) ?? [])
    .filter((id) => registry.find(scene, id));
  const rank = (id: string) => registry.kindOfId(id).rank;
  return ids.toSorted((one, other) => rank(other) - rank(one))[0] ?? null;
}

/** Return the id that a field such as `target_job_id` holds, as the map writes it. */
function idNamed(name: string, value: Json | undefined): string | undefined {
  if (typeof value !== "string" || !name.endsWith("_id")) return undefined;
  return value.includes(":") ? value : `${name.replace(/^target_|_id$/g, "")}:${value}`;
}

/** Return what happened, in one line, by the texts of a table; without any, the event's type in words. */
export function sentence(
  event: MapEvent,
  scene: Scene,
  registry: Registry,
  language: Language,
  table: SentenceTable,
): string {
  const { payload, event_type, changes } = event;
  const texts = textsOf(table, event_type);
  const find = (id: string) => registry.find(scene, id)?.item;
  const filled = texts && fillSentence(texts, { payload, changes, find, locale: language.locale });
  if (filled) return filled;
  const subject = subjectOf(event, scene, registry);
  return plainSentence(event_type, subject ? nameOfId(subject, scene, registry, language) : aboutOf(payload));
}
