/** Events in words that people read, and the thing that each is about. */

import { findItem, HOMES, labelOf, typeOf } from "../client/entities.ts";
import type { MapEvent } from "../client/messages.ts";
import type { Json, Pulse, Scene } from "../client/scene.ts";
import type { Language } from "../i18n/i18n.tsx";

export const EVENT_KINDS = ["all", "people", "agents", "nodes", "dao", "sources"] as const;
export type EventKind = (typeof EVENT_KINDS)[number];

const KINDS: readonly [EventKind, RegExp][] = [
  ["sources", /^livingmap\./],
  ["people", /^messaging\.|^city\.|^agent\.filter/],
  ["nodes", /^node\./],
  ["dao", /^dao\.|^microdao\./],
  ["agents", /^agents?\.|^usage\.|^router\./],
];

export function kindOf(eventType: string): EventKind {
  return KINDS.find(([, pattern]) => pattern.test(eventType))?.[0] ?? "all";
}

/** Return the id of what an event is about: what it changed, or what its payload names; null if that is nothing. */
export function subjectOf({ changes, payload }: MapEvent, scene: Scene): string | null {
  const put = changes.find((change) => change.op !== "total" && typeOf(change.id) in HOMES);
  if (put && put.op !== "total") return put.id;
  const named = ["proposal_id", "agent_id", "node_id", "channel_id", "dao_id", "microdao_id", "target_agent_id"];
  for (const name of named) {
    const value = payload[name];
    if (typeof value !== "string") continue;
    const typed = value.includes(":") ? value : `${name.replace(/^target_|_id$/g, "")}:${value}`;
    if (findItem(scene, typed)) return ownerOf(scene, typed);
  }
  return null;
}

/** Return the DAO that a proposal is of; anything else is its own owner. */
function ownerOf(scene: Scene, id: string): string {
  const dao = typeOf(id) === "proposal" ? findItem(scene, id)?.item.dao_id : null;
  return typeof dao === "string" ? dao : id;
}

/** Return what to light up on the map: what the event touched. A poll's difference is no event of the network. */
export function pulsesOf({ event_type, changes }: MapEvent): readonly Pulse[] {
  if (event_type.startsWith("livingmap.")) return [];
  return changes.flatMap((change) =>
    change.op === "put" ? [{ id: change.id, layer: change.layer, eventType: event_type }] : [],
  );
}

/** Say in a line what happened. */
export function say(event: MapEvent, scene: Scene, language: Language): string {
  const { words, fill } = language;
  const { payload, event_type } = event;
  const subject = subjectOf(event, scene);
  const name = subject ? nameOf(scene, subject) : text(payload.name ?? payload.slug ?? payload.source);
  const says = words.events.says;
  const values = { who: name, where: name };
  if (event_type === "messaging.message.created") return fill(says.message, values);
  if (event_type === "agent.event.status")
    return fill(says.status, { ...values, status: statusWord(payload.status, language) });
  if (event_type.startsWith("node.metrics.")) {
    const share = (value: Json | undefined) =>
      typeof value === "number" ? language.percent(value > 1 ? value / 100 : value) : "?";
    return fill(says.metrics, { ...values, cpu: share(payload.cpu), gpu: share(payload.gpu) });
  }
  if (event_type === "usage.llm") {
    const tokens = payload.total_tokens ?? payload.tokens;
    return fill(says.tokens, { ...values, n: typeof tokens === "number" ? language.number(tokens) : "?" });
  }
  if (event_type === "usage.tool")
    return fill(says.tool, { ...values, what: text(payload.tool_name ?? payload.tool_id) });
  if (event_type === "usage.agent") return fill(says.invoked, values);
  if (event_type === "router.invoke.agent") return fill(says.routed, values);
  if (event_type === "agent.filter.decision") {
    return fill(says.filter, {
      where: nameOf(scene, `channel:${text(payload.channel_id)}`),
      what: text(payload.decision),
    });
  }
  if (event_type === "dao.event.vote_cast") {
    const voted: Readonly<Record<string, string>> = words.events.voted;
    return fill(says.vote, { ...values, what: voted[text(payload.vote_value)] ?? text(payload.vote_value) });
  }
  if (event_type.startsWith("dao.event.proposal")) {
    return fill(says.proposal, { ...values, what: text(payload.title ?? payload.final_status ?? payload.slug) });
  }
  if (event_type.startsWith("city.presence.")) {
    return fill(says.presence, { where: name, n: text(payload.online_count) });
  }
  if (event_type.startsWith("livingmap.source.")) return sayOfSource(event, language);
  const rest = event_type.replaceAll(".", " ").replaceAll("_", " ");
  return fill(says.other, { what: name ? `${name}: ${rest}` : rest });
}

function sayOfSource({ event_type, payload }: MapEvent, { words, fill, number }: Language): string {
  const says = words.events.says;
  const what = event_type.endsWith(".down") ? says.down : event_type.endsWith(".up") ? says.up : says.refreshed;
  const n = typeof payload.changed === "number" ? number(payload.changed) : "?";
  return fill(what, { who: text(payload.source), n });
}

export function statusWord(status: Json | undefined, { words }: Language): string {
  const known: Readonly<Record<string, string>> = words.statuses;
  const said = text(status);
  return Object.hasOwn(known, said) ? String(known[said]) : said;
}

export function nameOf(scene: Scene, id: string): string {
  const found = findItem(scene, id);
  return found ? labelOf(found.item) : id.slice(id.indexOf(":") + 1);
}

function text(value: Json | undefined): string {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? String(value) : "";
}
