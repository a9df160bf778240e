import { describe, expect, test } from "vitest";
import type { SourceBrief } from "../client/scene.ts";
import { doubts, sourceOf, strengths } from "./freshness.ts";
import { KINDS } from "./kinds.ts";
import { alertOf, loadsOf, MARKS, toneOf } from "./status.ts";
import { item } from "./testing.ts";
import { caveats } from "./words.ts";

describe("a status", () => {
  test.each([
    ["agent", { status: "online" }, "good"],
    ["agent", { status: "BUSY" }, "busy"],
    ["agent", { status: "offline" }, "off"],
    ["node", { status: "offline" }, "bad"],
    ["node", { status: "degraded" }, "warn"],
    ["dao", { status: "active", health: "critical" }, "bad"],
    ["room", {}, "idle"],
    ["room", { status: { odd: true } }, "idle"],
    ["room", { status: "constructor" }, "idle"],
  ] as const)("of a %s that says %o is %s", (kind, fields, tone) => {
    expect(toneOf(kind, item("x:1", fields))).toBe(tone);
  });

  test("has a shape that no other has", () => {
    expect(new Set(Object.values(MARKS)).size).toBe(Object.keys(MARKS).length);
  });
});

describe("loads", () => {
  test.each([
    [{ metrics: { cpu: 0.2, gpu: 0.3, ram: 0.4 } }, [0.2, 0.3, 0.4]],
    [{ cpu: 0.2, gpu: 0.3, memory: 0.4 }, [0.2, 0.3, 0.4]],
    [{ cpu: 1e12, gpu: -3 }, [1, 0, 0]],
    [{ metrics: "none" }, null],
    [{}, null],
  ])("of %o are %o", (fields, loads) => {
    expect(loadsOf(item("node:1", fields))).toEqual(loads);
  });
});

test("the gravest alert counts", () => {
  const alerts = [{ severity: "info" }, { severity: "critical" }, { severity: "warn" }, "odd"];
  expect(alertOf(item("node:1", { alerts }))).toBe("bad");
  expect(alertOf(item("node:1", { alerts: [] }))).toBeNull();
});

describe("freshness", () => {
  const source = (name: string, status: SourceBrief["status"], age_seconds: number | null): SourceBrief => {
    return { name, service: `${name}-service`, status, observed_at: null, age_seconds, error: null };
  };

  test("lets a kind fade with the age of the source that speaks for it", () => {
    const young = strengths([source("agents", "stale", 30)]);
    const old = strengths([source("agents", "down", 7200)]);
    expect(young.agent).toBeLessThan(1);
    expect(old.agent).toBeLessThan(young.agent);
    expect(old.agent).toBeGreaterThan(0.3);
    expect(old.node).toBe(1);
  });

  test("asks the next source when the first is switched off", () => {
    const sources = [source("agents", "disabled", null), source("city", "mock", 1)];
    expect(sourceOf("agent", sources)?.name).toBe("city");
    expect(strengths(sources).agent).toBe(1);
  });

  test("is told in words where it is in doubt", () => {
    const all = new Set(KINDS);
    const said = (sources: SourceBrief[]) => caveats(doubts(sources, all), "en");
    expect(said([source("agents", "mock", 1), source("space", "mock", 1)])).toEqual([
      "◐ All of this is simulated",
    ]);
    expect(said([source("agents", "mock", 1), source("space", "stale", 600), source("dao", "fresh", 1)])).toEqual([
      "◐ simulated: agents",
      "▲ stale (10 min. ago): nodes",
    ]);
    expect(said([source("agents", "fresh", 1)])).toEqual([]);
    expect(said([])).toEqual([]);
  });
});
