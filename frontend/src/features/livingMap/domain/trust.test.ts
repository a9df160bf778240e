import { expect, test } from "vitest";
import { MapError } from "../client/http.ts";
import type { SnapshotMeta } from "../client/messages.ts";
import type { SourceBrief } from "../client/scene.ts";
import { type MapState, NEW_STATE } from "../client/state.ts";
import { faultsOf } from "./freshness.ts";
import { Registry } from "./registry.ts";
import { item, sceneOf } from "./testing.ts";
import { ageOf, doubtsOf } from "./trust.ts";
import { NO_TYPES } from "./types.ts";
import { unknownsOf } from "./unknowns.ts";

const NOON = "2026-11-29T12:00:00Z";
const LATER = "2026-11-29T12:25:00Z";

function source(name: string, fields: Partial<SourceBrief> = {}): SourceBrief {
  return { name, service: name, status: "fresh", observed_at: LATER, age_seconds: 0, error: null, ...fields };
}

function stateWith(meta: Partial<SnapshotMeta>, fields: Partial<MapState> = {}): MapState {
  const whole = { phase: "live", standing_still_since: null, access: "complete", sources: [], ...meta };
  const data = { ...NEW_STATE.data, meta: whole as unknown as SnapshotMeta, generatedAt: LATER };
  const connection = { status: "live", transport: "websocket", error: null, retryAt: null } as const;
  return { ...NEW_STATE, data, present: data, connection, ...fields };
}

const AWAY = { status: "reconnecting", transport: null, error: null, retryAt: null } as const;

test("a live map of fresh sources leaves no doubt", () => {
  expect(doubtsOf(stateWith({ sources: [source("agents")] }))).toEqual([]);
});

test("what has just been read leaves no doubt before it is followed, unless that has failed", () => {
  const connecting = { ...AWAY, status: "connecting" } as const;
  const failed = { ...connecting, error: new MapError("the map has gone silent") };
  expect(doubtsOf(stateWith({ sources: [source("agents")] }, { connection: connecting }))).toEqual([]);
  expect(doubtsOf(stateWith({ sources: [source("agents")] }, { connection: failed }))).toHaveLength(1);
});

test("every doubt says since when, the gravest first", () => {
  const old = source("agents", { status: "down", observed_at: NOON });
  const state = stateWith(
    { sources: [old, source("nodes")], standing_still_since: NOON },
    { connection: AWAY, paused: true },
  );
  expect(doubtsOf(state)).toEqual([
    { kind: "away", since: Date.parse(LATER) },
    { kind: "still", since: Date.parse(NOON) },
    { kind: "paused", since: Date.parse(LATER) },
    { kind: "sources", since: Date.parse(NOON), sources: [old] },
  ]);
});

test("values are as old as the source that reports them, and at least as old as the whole map", () => {
  const sources = [source("agents", { status: "down", observed_at: NOON }), source("nodes")];
  const doubts = doubtsOf(stateWith({ sources }));
  expect(ageOf(doubts, ["agents"], sources)).toEqual({ since: Date.parse(NOON) });
  expect(ageOf(doubts, ["nodes"], sources)).toBeNull();
  const away = doubtsOf(stateWith({ sources }, { connection: AWAY }));
  expect(ageOf(away, ["nodes"], sources)).toEqual({ since: Date.parse(LATER) });
});

test("what was never read has no age", () => {
  const sources = [source("agents", { status: "down", observed_at: null })];
  expect(ageOf(doubtsOf(stateWith({ sources })), ["agents"], sources)).toEqual({ since: null });
});

test("all is known only where every source has answered and every status is judged", () => {
  const registry = new Registry(NO_TYPES, new Map([["agent", [["agents", "items"]]]]));
  const scene = sceneOf({ "agents.items": [item("agent:a", { status: "online" })] });
  const kinds = (meta: SnapshotMeta | null, one = scene) =>
    unknownsOf(one, meta, [], registry).map(({ kind }) => kind);
  const meta = (...sources: SourceBrief[]) => stateWith({ sources }).data.meta;
  expect(kinds(meta(source("agents")))).toEqual([]);
  expect(kinds(meta())).toEqual(["sources"]);
  expect(kinds(meta(source("agents", { status: "starting", observed_at: null })))).toEqual(["unanswered"]);
  expect(kinds(meta(source("agents"), source("b", { status: "down", observed_at: null })))).toEqual(["never"]);
  const odd = sceneOf({ "agents.items": [item("agent:a", { status: "adrift" }), item("agent:b")] });
  expect(kinds(meta(source("agents")), odd)).toEqual(["status", "silent"]);
});

test("the same fault in several places is one line", () => {
  const error = "agents.items: nobody answers; agents.quotas: nobody answers; agents.tools: HTTP 500";
  expect(faultsOf(source("agents", { error }))).toEqual([
    "agents.items, agents.quotas: nobody answers",
    "agents.tools: HTTP 500",
  ]);
  expect(faultsOf(source("agents"))).toEqual([]);
});
