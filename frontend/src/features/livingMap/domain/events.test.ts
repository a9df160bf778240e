import { expect, test } from "vitest";
import { EMPTY_META } from "../../../../tests/meta.ts";
import { REGISTRY } from "../../../../tests/types.ts";
import type { MapEvent } from "../client/messages.ts";
import { sceneOf } from "../client/reduce.ts";
import type { Json } from "../client/scene.ts";
import { languageOf } from "../i18n/i18n.tsx";
import { sentence, subjectOf, topicOf } from "./events.ts";
import { pulsesOf } from "./pulses.ts";

const SCENE = sceneOf({
  generated_at: "",
  meta: EMPTY_META,
  layers: {
    agents: { items: [{ id: "agent:sofia", name: "Sofia" }] },
    nodes: { items: [{ id: "node:gpu-1", name: "NODE1" }] },
    messaging: { channels: [{ id: "channel:7", name: "General" }] },
    space: { planets: [{ id: "dao:core", name: "CORE" }] },
    dao: { proposals: [{ id: "proposal:p", dao_id: "dao:core" }] },
  },
});

function event(event_type: string, payload: Record<string, Json>, changed: string[] = []): MapEvent {
  const changes = changed.map(
    (id) => ({ op: "put", layer: "x", collection: "items", id, set: {}, unset: [] }) as const,
  );
  return { kind: "event", cursor: "c", event_type, timestamp: "2026-11-23T05:17:52Z", payload, changes };
}

const TABLE = [
  { event_type: "livingmap.time.passed", texts: { en: ["{subject} was silent"], uk: ["{subject}: тиша"] } },
  { event_type: "agent.event.status", texts: { en: ["{agent_id:agent} is {status}"] } },
  { event_type: "agent.*", texts: { en: ["{never}"] } },
];

test.each([
  [
    event("messaging.message.created", { channel_id: "7" }, ["channel:7"]),
    "channel:7",
    "General: messaging message created",
  ],
  [event("agent.event.status", { agent_id: "agent:sofia", status: "busy" }), "agent:sofia", "Sofia is busy"],
  [event("agent.error", { agent_id: "agent:sofia" }), "agent:sofia", "Sofia: agent error"],
  [event("dao.event.vote_cast", { proposal_id: "p", vote_value: "yes" }), "proposal:p", "p: dao event vote cast"],
  [event("livingmap.time.passed", {}, ["node:gpu-1"]), "node:gpu-1", "NODE1 was silent"],
  [event("weather.storm_warning", {}), null, "weather storm warning"],
  [event("weather.storm", { agent_id: 7, name: "Lviv" }), null, "Lviv: weather storm"],
])("%o is about %s and reads %j", (given, subject, text) => {
  expect(subjectOf(given, SCENE, REGISTRY)).toBe(subject);
  expect(sentence(given, SCENE, REGISTRY, languageOf("en"), TABLE)).toBe(text);
});

test("an event reads in the language of the page, or in English", () => {
  const passed = event("livingmap.time.passed", {}, ["agent:sofia"]);
  expect(sentence(passed, SCENE, REGISTRY, languageOf("uk"), TABLE)).toBe("Sofia: тиша");
  const status = event("agent.event.status", { agent_id: "agent:sofia", status: "busy" });
  expect(sentence(status, SCENE, REGISTRY, languageOf("uk"), TABLE)).toBe("Sofia is busy");
});

test("what lights up is what was touched, but not what a poll found", () => {
  const touched = event("agent.event.status", {}, ["agent:sofia", "node:gpu-1"]);
  expect(pulsesOf(touched).map(({ id }) => id)).toEqual(["agent:sofia", "node:gpu-1"]);
  expect(pulsesOf(event("livingmap.source.refreshed", {}, ["agent:sofia"]))).toEqual([]);
});

test.each([
  [event("livingmap.source.up", {}), "sources"],
  [event("messaging.message.created", { channel_id: "7" }), "channel"],
  [event("agent.error", { agent_id: "agent:sofia" }), "agent"],
  [event("weather.storm", {}), ""],
])("%o is of the topic %j", (given, topic) => {
  expect(topicOf(given, SCENE, REGISTRY)).toBe(topic);
});
