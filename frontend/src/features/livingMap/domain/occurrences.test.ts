import { describe, expect, test } from "vitest";
import { REGISTRY } from "../../../../tests/types.ts";
import { languageOf } from "../i18n/i18n.tsx";
import { type EntryChange, type HistoryEntry, turnsOf } from "./history.ts";
import { entryOf, isWanted, type Occurrence, occurrencesOf, type Reading } from "./occurrences.ts";
import { item, sceneOf } from "./testing.ts";

const HAZEL = "node:hazel-15";
const AT = "2026-11-29T02:10:00Z";
const BY: Reading = {
  scene: sceneOf({ "nodes.items": [item(HAZEL, { name: "Hazel-15" })] }),
  registry: REGISTRY,
  language: languageOf("en"),
  table: [],
};

const put = (id: string, fields: EntryChange["fields"], came = false): EntryChange => ({
  op: "put",
  layer: "nodes",
  collection: "items",
  id,
  label: id.slice(id.indexOf(":") + 1),
  came,
  went: false,
  fields,
});
const turn = (from: string, to: string) => [{ name: "status", from, to }];
const poll = (changes: EntryChange[]): HistoryEntry => ({
  id: "1",
  timestamp: AT,
  event_type: "livingmap.source.refreshed",
  payload: { source: "nodes", changed: changes.length },
  changes,
});
const said = (lines: readonly Occurrence[]) => lines.map(({ text, weight }) => [weight, text]);

describe("what a poll found", () => {
  test("is told thing by thing, the troubles first", () => {
    const lines = occurrencesOf(
      poll([put("node:ash-1", turn("offline", "online")), put(HAZEL, turn("online", "error"))]),
      BY,
    );
    expect(said(lines)).toEqual([
      ["trouble", "hazel-15: online → error"],
      ["notable", "ash-1: offline → online"],
    ]);
    expect(lines[0]).toMatchObject({ subject: HAZEL, topic: "node", layer: "nodes", tone: "bad" });
  });

  test("is counted by type where things came or went, each once however many layers have it", () => {
    const gone = { ...put("node:elm-1", []), op: "drop", went: true } as const;
    const came = [1, 2, 3].map((at) => put(`agent:${at}`, turn("", "online"), true));
    const lines = occurrencesOf(poll([...came, ...came, gone]), BY);
    expect(said(lines)).toEqual([
      ["notable", "New: 3 agents (1, 2, 3)"],
      ["notable", "Gone: Node (elm-1)"],
    ]);
  });

  test("is one line where only numbers moved", () => {
    const lines = occurrencesOf(poll([put(HAZEL, [{ name: "agents", from: 3, to: 4 }])]), BY);
    expect(lines).toHaveLength(1);
    expect(lines[0]?.weight).toBe("minor");
  });
});

describe("an event", () => {
  const event = {
    kind: "event",
    cursor: "e.1",
    event_type: "node.status.update",
    timestamp: AT,
    payload: { node_id: "hazel-15" },
    changes: [{ op: "put", layer: "nodes", collection: "items", id: HAZEL, set: { status: "error" }, unset: [] }],
  } as const;

  test("that has just happened says how its subject is now", () => {
    const [line] = occurrencesOf(entryOf(event), BY);
    expect(line).toMatchObject({ subject: HAZEL, tone: "bad", weight: "trouble", layer: "nodes" });
  });

  test("is chosen by topic, layer and how much it matters", () => {
    const [line] = occurrencesOf(entryOf(event), BY);
    const wanted = (topic: string, layer: string, weight: "trouble" | "minor") =>
      line && isWanted(line, { topic, layer, weight });
    expect(wanted("", "", "trouble")).toBe(true);
    expect(wanted("node", "nodes", "minor")).toBe(true);
    expect(wanted("agent", "", "minor")).toBe(false);
    expect(wanted("", "city", "minor")).toBe(false);
  });
});

test("a status has its turns, the newest first", () => {
  const entries = [
    { ...poll([put(HAZEL, turn("error", "online"))]), timestamp: "2026-11-29T02:44:00Z" },
    poll([put(HAZEL, [{ name: "cpu", from: 1, to: 2 }])]),
    poll([put("node:ash-1", turn("online", "error")), put(HAZEL, turn("online", "error"))]),
  ];
  expect(turnsOf(entries, HAZEL, "status")).toEqual([
    { at: Date.parse("2026-11-29T02:44:00Z"), from: "error", to: "online", came: false, isFirst: false },
    { at: Date.parse(AT), from: "online", to: "error", came: false, isFirst: false },
  ]);
});

test("what came when the history begins may have been so for long", () => {
  const came = [put(HAZEL, turn("", "online"), true)];
  const first = (oldest: string) => turnsOf([poll(came)], HAZEL, "status", oldest)[0]?.isFirst;
  expect(first(AT)).toBe(true);
  expect(first("2026-11-28T00:00:00Z")).toBe(false);
});

test("an alarm and a full machine are trouble, as a status is", () => {
  const alerts = [{ severity: "critical", message: "fan is loud" }];
  const entry = poll([
    put(HAZEL, [
      { name: "alerts", from: [], to: alerts },
      { name: "cpu", from: 0.4, to: 0.97 },
    ]),
    put("node:ash-1", [{ name: "alerts", from: alerts, to: alerts }]),
  ]);
  const lines = occurrencesOf(entry, BY);
  expect(lines.map(({ weight, tone }) => [weight, tone])).toEqual([
    ["trouble", "bad"],
    ["trouble", "bad"],
  ]);
});
