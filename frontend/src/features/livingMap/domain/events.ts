/** Events in words that people read, and the thing that each is about. */

import type { MapEvent } from "../client/messages.ts";
import type { Scene } from "../client/scene.ts";
import type { Language } from "../i18n/i18n.tsx";
import { findItem, homeOfType, nameOf, typeOf } from "./entities.ts";
import { text } from "./json.ts";
import { fillSentence, type SentenceTable, textsOf } from "./sentences.ts";

export const TOPICS = ["all", "people", "agents", "nodes", "dao", "sources"] as const;
export type Topic = (typeof TOPICS)[number];

const PATTERNS: readonly [Topic, RegExp][] = [
  ["sources", /^livingmap\./],
  ["people", /^messaging\.|^city\.|^agent\.filter/],
  ["nodes", /^node\./],
  ["dao", /^dao\.|^microdao\./],
  ["agents", /^agents?\.|^usage\.|^router\./],
];

/** Return what an event is about at large; `all` for one of no topic. */
export function topicOf(eventType: string): Topic {
  return PATTERNS.find(([, pattern]) => pattern.test(eventType))?.[0] ?? "all";
}

/** Return the id of what an event is about: what it changed, or what its payload names; null if that is nothing. */
export function subjectOf({ changes, payload }: MapEvent, scene: Scene): string | null {
  const put = changes.find((change) => change.op !== "total" && homeOfType(typeOf(change.id)) !== undefined);
  if (put && put.op !== "total") return put.id;
  const fields = ["proposal_id", "agent_id", "node_id", "channel_id", "dao_id", "microdao_id", "target_agent_id"];
  for (const name of fields) {
    const value = payload[name];
    if (typeof value !== "string") continue;
    const id = value.includes(":") ? value : `${name.replace(/^target_|_id$/g, "")}:${value}`;
    if (findItem(scene, id)) return ownerOf(scene, id);
  }
  return null;
}

/** Return the DAO of a proposal; anything else is its own owner. */
function ownerOf(scene: Scene, id: string): string {
  const dao = typeOf(id) === "proposal" ? findItem(scene, id)?.item.dao_id : null;
  return typeof dao === "string" ? dao : id;
}

/** Return what happened, in one line, by the texts of a table; without any, the event's type in words. */
export function sentence(event: MapEvent, scene: Scene, language: Language, table: SentenceTable): string {
  const { payload, event_type, changes } = event;
  const texts = textsOf(table, event_type);
  const find = (id: string) => findItem(scene, id)?.item;
  const filled = texts && fillSentence(texts, { payload, changes, find, locale: language.locale });
  if (filled) return filled;
  const subject = subjectOf(event, scene);
  const name = subject
    ? nameOf(subject, find(subject))
    : text(payload.name) || text(payload.slug) || text(payload.source);
  const rest = event_type.replaceAll(".", " ").replaceAll("_", " ");
  return name ? `${name}: ${rest}` : rest;
}
