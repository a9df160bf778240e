import { describe, expect, test } from "vitest";
import { REGISTRY } from "../../../../tests/types.ts";
import type { MapEvent } from "../client/messages.ts";
import { languageOf } from "../i18n/i18n.tsx";
import { happeningsOf } from "./happenings.ts";
import type { EntryChange, HistoryEntry } from "./history.ts";
import { entryOf, occurrencesOf, type Reading } from "./occurrences.ts";
import { quartersIn } from "./quarters.ts";
import { item, sceneOf } from "./testing.ts";

const HAZEL = "node:hazel-15";
const LANGUAGE = languageOf("en");
const agents = [1, 2, 3].map((at) => `agent:${at}`);
const BY: Reading = {
  scene: sceneOf({
    "city.items": [item("microdao:oak", { name: "Oak" }), item("microdao:ash", { name: "Ash" })],
    "nodes.items": [
      item(HAZEL, { name: "Hazel-15", microdao_id: "microdao:oak" }),
      item("node:elm", { microdao_id: "microdao:ash" }),
    ],
    "agents.items": agents.map((id) => item(id, { node_id: HAZEL, microdao_id: "microdao:ash" })),
  }),
  registry: REGISTRY,
  language: LANGUAGE,
  table: [],
};

const turned = (id: string, from: string, to: string): EntryChange => ({
  op: "put",
  layer: "nodes",
  collection: "items",
  id,
  fields: [{ name: "status", from, to }],
});
const lost = agents.map((id) => turned(id, "online", "offline"));
const poll = (id: string, seconds: number, changes: EntryChange[]): HistoryEntry => ({
  id,
  timestamp: new Date(Date.UTC(2026, 10, 29, 2, 10, seconds)).toISOString(),
  event_type: "livingmap.source.refreshed",
  payload: {},
  changes,
});
const happened = (entries: HistoryEntry[], by = BY) =>
  happeningsOf(
    entries.flatMap((entry) => occurrencesOf(entry, by)),
    REGISTRY,
    LANGUAGE,
  );

describe("what happened", () => {
  const failed = poll("1", 0, [turned(HAZEL, "online", "error")]);

  test("to a thing and to what depends on it is one line, however many polls found it", () => {
    const [one, ...others] = happened([poll("2", 20, lost), failed]);
    expect(others).toEqual([]);
    expect(one?.text).toBe("Hazel-15: online → error, 3 agents: online → offline");
    expect(one?.lines).toHaveLength(4);
    expect(one?.head).toMatchObject({ subject: HAZEL, tone: "bad" });
  });

  test("to another thing, or much later, is a line of its own", () => {
    const other = poll("2", 20, [turned("node:elm", "online", "error")]);
    const later = poll("3", 200, [turned(HAZEL, "error", "online")]);
    expect(happened([later, other, failed]).map(({ lines }) => lines.length)).toEqual([1, 1, 1]);
  });

  test("keeps its key when more of it comes, so that it stays where it is", () => {
    const [before] = happened([failed]);
    const [after] = happened([poll("2", 20, lost), failed]);
    expect(after?.key).toBe(before?.key);
  });
});

test("of a place only what stands there is told and counted", () => {
  const entry = poll("1", 0, [turned(HAZEL, "online", "error"), ...lost]);
  const texts = (place: string) => happened([entry], { ...BY, place }).map(({ lines }) => lines.length);
  expect(texts("microdao:oak")).toEqual([1]);
  expect(texts("microdao:ash")).toEqual([1, 1, 1]);
  expect(texts("microdao:elm")).toEqual([]);
  const places = quartersIn(BY.scene, REGISTRY).flatMap(({ quarters }) => quarters.map(({ id }) => id));
  expect(places).toEqual(["microdao:ash", "microdao:oak"]);
});

test("a live event that came with what was before says so at once", () => {
  const event: MapEvent = {
    kind: "event",
    cursor: "e.1",
    event_type: "livingmap.source.refreshed",
    timestamp: "2026-11-29T02:10:00Z",
    payload: {},
    changes: [
      { op: "put", layer: "nodes", collection: "items", id: HAZEL, set: { status: "error" }, unset: [] },
      { op: "drop", layer: "agents", collection: "items", id: "agent:9" },
    ],
    former: [
      { id: HAZEL, status: "online" },
      { id: "agent:9", name: "Nine", microdao_id: "microdao:oak" },
    ],
  };
  const texts = occurrencesOf(entryOf(event), { ...BY, place: "microdao:oak" }).map(({ text }) => text);
  expect(texts).toEqual(["Hazel-15: online → error", "Gone: Agent (Nine)"]);
});

test("a thing in which others stand is a place, too", () => {
  const scene = sceneOf({
    "space.planets": [item("dao:oak")],
    "dao.proposals": [item("proposal:1", { dao_id: "dao:oak" }), item("proposal:2", { dao_id: "dao:oak" })],
    "dao.votes": [item("vote:1", { proposal_id: "proposal:1" })],
  });
  const places = quartersIn(scene, REGISTRY).flatMap(({ quarters }) => quarters.map(({ id }) => id));
  expect(places).toEqual(["dao:oak", "proposal:1", "proposal:2"]);
  const vote: EntryChange = { ...turned("vote:1", "", ""), layer: "dao", collection: "votes", came: true };
  const count = (place: string) => occurrencesOf(poll("1", 0, [vote]), { ...BY, scene, place }).length;
  expect([count("proposal:1"), count("dao:oak"), count("proposal:2")]).toEqual([1, 1, 0]);
});
