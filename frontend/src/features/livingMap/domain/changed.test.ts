import { expect, test } from "vitest";
import { REGISTRY, recorded } from "../../../../tests/types.ts";
import { languageOf } from "../i18n/i18n.tsx";
import { type ChangedField, changedOf, UNCHANGED } from "./changed.ts";
import { groupsOf } from "./day.ts";
import type { EntryChange, HistoryEntry } from "./history.ts";
import type { Reading } from "./occurrences.ts";
import { Registry } from "./registry.ts";
import { item, sceneOf } from "./testing.ts";

const AT = "2026-11-29T02:10:00Z";
const SCENE = sceneOf({
  "agents.items": [item("agent:sofia", { name: "Sofia" }), item("agent:max", { name: "Max" })],
  "nodes.items": [item("node:a", { name: "Ash" }), item("node:b", { name: "Birch" })],
  "messaging.channels": [item("channel:market", { name: "Market" })],
});
const ENGLISH: Reading = { scene: SCENE, registry: REGISTRY, language: languageOf("en"), table: [] };
const UKRAINIAN = { ...ENGLISH, registry: new Registry(recorded("uk")), language: languageOf("uk") };

const entry = (id: string, fields: EntryChange["fields"], more: Partial<EntryChange> = {}): HistoryEntry => ({
  id: "1",
  timestamp: AT,
  event_type: "x",
  payload: {},
  changes: [{ op: "put", layer: "l", collection: "items", id, fields, ...more }],
});
const written = ({ label, before, after, isList }: ChangedField) => {
  const [was, is] = [before, after].map((words) => words.map(({ text }) => text).join());
  return isList ? `${label}: +${is} -${was}` : `${label}: ${was} → ${is}`;
};
const changed = (id: string, fields: EntryChange["fields"], by = ENGLISH) =>
  changedOf(entry(id, fields), id, by).fields.map(written);

test("a thing's fields are said from what to what, those of other things and those without words are not", () => {
  const fields = [
    { name: "status", from: "online", to: "error" },
    { name: "agents", from: 5, to: 4 },
    { name: "metrics", from: {}, to: {} },
  ];
  expect(changed("node:a", fields)).toEqual(["status: online → error", "agents: 5 → 4"]);
  expect(changedOf(entry("node:b", fields), "node:a", ENGLISH)).toEqual(UNCHANGED);
  expect(changedOf(entry("node:a", [], { came: true }), "node:a", ENGLISH).text).toBe("came to the map");
});

test("what a field refers to has its name, and leads there if it is on the map", () => {
  const fields = [{ name: "last_sender_id", from: "user:501", to: "agent:sofia" }];
  expect(changedOf(entry("channel:market", fields), "channel:market", ENGLISH).fields).toEqual([
    {
      name: "last_sender_id",
      label: "last message from",
      before: [{ text: "user 501", id: null }],
      after: [{ text: "Sofia", id: "agent:sofia" }],
      isList: false,
    },
  ]);
});

test("of what is no longer there the beginning of a UUID is not said", () => {
  const gone = "microdao:8c0d5a10-1111-4c1e-9a52-0b6d1e8f7a33";
  expect(changed("node:a", [{ name: "microdao_id", from: gone, to: "microdao:oak" }])).toEqual([
    "microDAO:  → oak",
  ]);
});

test("of a list only what came and what went is said", () => {
  const fields = [{ name: "orbits", from: ["node:a", "node:gone"], to: ["node:a", "node:b"] }];
  expect(changed("dao:oak", fields)).toEqual(["nodes in orbit: +Birch -gone"]);
});

test("fields, and what services choose from, are said in the reader's language", () => {
  expect(changed("agent:sofia", [{ name: "last_decision", from: "deny", to: "allow" }], UKRAINIAN)).toEqual([
    "рішення фільтра: не передати → передати",
  ]);
  expect(changed("node:a", [{ name: "cpu", from: 0.5, to: 0.623 }], UKRAINIAN)).toEqual(["ЦП: 50% → 62%"]);
  expect(changed("channel:market", [{ name: "visibility", from: "public", to: "microdao" }], UKRAINIAN)).toEqual([
    "видимість: для всіх → для мікроДАО",
  ]);
  expect(changed("model:m", [{ name: "avg_latency_ms", from: 9, to: 12 }], UKRAINIAN)).toEqual([
    "затримка: 9 мс → 12 мс",
  ]);
});

test("a poll that found only what nobody sees is nothing that happened to a thing", () => {
  const poll = (to: string): HistoryEntry => ({
    ...entry("node:a", [{ name: "status", from: "online", to }]),
    event_type: "livingmap.source.refreshed",
  });
  expect(groupsOf([poll("online")], "node:a", ENGLISH)).toEqual([]);
  expect(groupsOf([poll("error")], "node:a", ENGLISH)).toHaveLength(1);
});

test("what cannot be seen to differ is left out, and so is the time of the event itself", () => {
  const fields = [
    { name: "memory", from: 0.421, to: 0.424 },
    { name: "is_orchestrator", from: null, to: false },
    { name: "last_active_at", from: null, to: "2026-11-29T02:09:59.187Z" },
    { name: "created_at", from: "2026-01-02T00:00:00Z", to: "2026-02-02T00:00:00Z" },
  ];
  expect(changed("agent:sofia", fields)).toHaveLength(1);
});
