/** Events in words that people read, and the thing that each is about. */

import type { MapEvent } from "../client/messages.ts";
import type { Json, Scene } from "../client/scene.ts";
import type { Language } from "../i18n/i18n.tsx";
import { findItem, homeOfType, labelOf, typeOf } from "./entities.ts";
import { shareOf } from "./loads.ts";
import { statusWord } from "./words.ts";

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

/** Return what happened, in one line. */
export function sentence(event: MapEvent, scene: Scene, language: Language): string {
  const { words, fill } = language;
  const { payload, event_type } = event;
  const subject = subjectOf(event, scene);
  const name = subject ? nameOf(scene, subject) : text(payload.name ?? payload.slug ?? payload.source);
  const { sentences } = words.events;
  const values = { who: name, where: name };
  if (event_type === "messaging.message.created") return fill(sentences.message, values);
  if (event_type === "agent.event.status")
    return fill(sentences.status, { ...values, status: statusWord(payload.status, language, "agent") });
  if (event_type.startsWith("node.metrics.")) {
    const share = (value: Json | undefined) => {
      const load = shareOf(value);
      return load === undefined ? "?" : language.percent(load);
    };
    return fill(sentences.metrics, { ...values, cpu: share(payload.cpu), gpu: share(payload.gpu) });
  }
  if (event_type === "usage.llm") {
    const tokens = payload.total_tokens ?? payload.tokens;
    return fill(sentences.tokens, { ...values, n: typeof tokens === "number" ? language.number(tokens) : "?" });
  }
  if (event_type === "usage.tool")
    return fill(sentences.tool, { ...values, what: text(payload.tool_name ?? payload.tool_id) });
  if (event_type === "usage.agent") return fill(sentences.invoked, values);
  if (event_type === "router.invoke.agent") return fill(sentences.routed, values);
  if (event_type === "agent.filter.decision") {
    return fill(sentences.filter, {
      where: nameOf(scene, `channel:${text(payload.channel_id)}`),
      what: text(payload.decision),
    });
  }
  if (event_type === "dao.event.vote_cast") {
    const votes: Readonly<Record<string, string>> = words.events.votes;
    return fill(sentences.vote, { ...values, what: votes[text(payload.vote_value)] ?? text(payload.vote_value) });
  }
  if (event_type.startsWith("dao.event.proposal")) {
    return fill(sentences.proposal, {
      ...values,
      what: text(payload.title ?? payload.final_status ?? payload.slug),
    });
  }
  if (event_type.startsWith("city.presence.")) {
    return fill(sentences.presence, { where: name, n: text(payload.online_count) });
  }
  if (event_type === "livingmap.time.passed") return fill(sentences.passed, values);
  if (event_type.startsWith("livingmap.source.")) return sourceSentence(event, language);
  const rest = event_type.replaceAll(".", " ").replaceAll("_", " ");
  return fill(sentences.other, { what: name ? `${name}: ${rest}` : rest });
}

function sourceSentence({ event_type, payload }: MapEvent, { words, fill, number }: Language): string {
  const { sentences } = words.events;
  const what = event_type.endsWith(".down")
    ? sentences.down
    : event_type.endsWith(".up")
      ? sentences.up
      : sentences.refreshed;
  const n = typeof payload.changed === "number" ? number(payload.changed) : "?";
  return fill(what, { who: text(payload.source), n });
}

/** Return what the thing of an id is called; for one that the scene lacks, what its id has after the colon. */
export function nameOf(scene: Scene, id: string): string {
  const place = findItem(scene, id);
  return place ? labelOf(place.item) : id.slice(id.indexOf(":") + 1);
}

function text(value: Json | undefined): string {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? String(value) : "";
}
