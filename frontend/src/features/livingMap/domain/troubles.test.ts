import { expect, test } from "vitest";
import { countsOf, dependentsOf } from "./dependents.ts";
import { problemsOf } from "./problems.ts";
import { Registry } from "./registry.ts";
import { item, sceneOf } from "./testing.ts";
import { dated, openOf, type Report, troublesOf } from "./troubles.ts";
import { NO_TYPES } from "./types.ts";

const REGISTRY = new Registry(NO_TYPES, new Map([["ship", [["harbour", "items"]]]]));
const SCENE = sceneOf({
  "harbour.items": [
    item("ship:a", { status: "error", alerts: [{ severity: "critical", message: "fire" }] }),
    item("ship:b", { tows: "ship:a" }),
    item("ship:c", { tows: "ship:b", helps: "ship:a" }),
    item("ship:d", { tows: "ship:c" }),
  ],
});

function report(code: string, fields: Partial<Report> = {}): Report {
  const texts = { title: code, what: code, meaning: "", todo: "", link: "", detail: null, process: null };
  const times = { since: "2026-11-29T12:00:00Z", last_seen: "2026-11-29T12:00:00Z" };
  const affects = { entities: [{ id: "ship:a", type: "ship", layer: "harbour" }], layers: [] };
  const rest = { source: null, acknowledgement: null, affects, at_least: false };
  return { id: code, code, severity: "critical", state: "open", ...texts, ...times, ...rest, ...fields };
}

const PROBLEMS = problemsOf(SCENE, [], REGISTRY);
const OF_MAP = report("gap", { affects: { entities: [], layers: [] }, severity: "warning" });

test("there is one line per thing, and one per problem of the map itself", () => {
  const reports = [
    report("entity_in_trouble"),
    report("entity_alerts", { since: "2026-11-29T11:00:00Z" }),
    OF_MAP,
  ];
  const troubles = troublesOf(PROBLEMS, reports);
  expect(troubles.map(({ key, tone, shown, reports: own }) => [key, tone, shown.length, own.length])).toEqual([
    ["thing ship:a", "bad", 2, 2],
    ["map gap", "warn", 0, 1],
  ]);
  expect(troubles[0]?.since).toBe(Date.parse("2026-11-29T11:00:00Z"));
});

test("a doubt about sources names the moment from when on their problems are open", () => {
  const brief = {
    name: "harbour",
    service: "harbour-master",
    status: "down",
    age_seconds: 9,
    error: null,
  } as const;
  const source = { ...brief, observed_at: "2026-11-29T11:59:58Z" };
  const doubt = { kind: "sources", since: Date.parse(source.observed_at), sources: [source] } as const;
  const troubles = troublesOf(problemsOf(SCENE, [source], REGISTRY), [
    report("source_down", { source: "harbour" }),
  ]);
  expect(dated(doubt, troubles)).toEqual({ ...doubt, since: Date.parse("2026-11-29T12:00:00Z") });
  expect(dated(doubt, troublesOf(PROBLEMS, []))).toEqual(doubt);
  expect(dated({ ...doubt, since: null }, troubles).since).toBeNull();
});

test("a line stands back once all that is said of it is acknowledged", () => {
  const open = (...reports: Report[]) => openOf(troublesOf(PROBLEMS, reports)).map(({ key }) => key);
  const seen = report("entity_in_trouble", { state: "acknowledged" });
  expect(open()).toEqual(["thing ship:a"]);
  expect(open(seen, report("entity_alerts"))).toEqual(["thing ship:a"]);
  expect(open(seen)).toEqual([]);
});

test("what depends on a thing is found ring by ring, each once", () => {
  const rings = dependentsOf(["ship:a"], SCENE, REGISTRY);
  expect(rings).toEqual([["ship:b", "ship:c"], ["ship:d"]]);
  expect(countsOf(rings.flat(), REGISTRY).map(({ kind, count }) => [kind.name, count])).toEqual([["ship", 3]]);
  expect(dependentsOf(["ship:d"], SCENE, REGISTRY)).toEqual([]);
});
