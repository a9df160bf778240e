import { expect, test } from "vitest";
import { EMPTY_META } from "../../../../tests/meta.ts";
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

test.each([
  [event("messaging.message.created", { channel_id: "7" }, ["channel:7"]), "channel:7", "New message in General"],
  [event("agent.event.status", { agent_id: "agent:sofia", status: "busy" }), "agent:sofia", "Sofia is busy"],
  [event("node.metrics.update", { node_id: "gpu-1", cpu: 0.5, gpu: 97 }), "node:gpu-1", "NODE1: CPU 50%, GPU 97%"],
  [event("usage.llm", { agent_id: "agent:sofia", total_tokens: 1567 }), "agent:sofia", "Sofia used 1,567 tokens"],
  [event("dao.event.vote_cast", { proposal_id: "p", vote_value: "yes" }), "dao:core", "A vote in CORE: yes"],
  [
    event("agent.filter.decision", { channel_id: "7", decision: "deny" }),
    "channel:7",
    "The filter checked a message in General: deny",
  ],
  [event("livingmap.source.down", { source: "dao" }), null, "Source dao is not responding"],
  [event("weather.storm_warning", {}), null, "weather storm warning"],
  [event("weather.storm", { agent_id: 7, name: "Lviv" }), null, "Lviv: weather storm"],
])("%o is about %s and reads %j", (given, subject, text) => {
  expect(subjectOf(given, SCENE)).toBe(subject);
  expect(sentence(given, SCENE, languageOf("en"))).toBe(text);
});

test("every event reads in Ukrainian, too", () => {
  const given = event("agent.event.status", { agent_id: "agent:sofia", status: "busy" });
  expect(sentence(given, SCENE, languageOf("uk"))).toBe("Sofia: працює");
});

test("that a heartbeat stopped names the thing", () => {
  const given = event("livingmap.time.passed", {}, ["agent:sofia"]);
  expect(sentence(given, SCENE, languageOf("en"))).toBe("Sofia has not been heard of for too long");
  expect(sentence(given, SCENE, languageOf("uk"))).toBe("Sofia: надто довго немає звістки");
});

test("what lights up is what was touched, but not what a poll found", () => {
  const touched = event("agent.event.status", {}, ["agent:sofia", "node:gpu-1"]);
  expect(pulsesOf(touched).map(({ id }) => id)).toEqual(["agent:sofia", "node:gpu-1"]);
  expect(pulsesOf(event("livingmap.source.refreshed", {}, ["agent:sofia"]))).toEqual([]);
});

test.each([
  ["livingmap.source.up", "sources"],
  ["messaging.message.created", "people"],
  ["microdao.event.created", "dao"],
  ["usage.llm", "agents"],
  ["weather.storm", "all"],
])("%s is of the topic %s", (type, topic) => {
  expect(topicOf(type)).toBe(topic);
});
