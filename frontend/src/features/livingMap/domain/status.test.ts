import { describe, expect, test } from "vitest";
import { REGISTRY, recorded } from "../../../../tests/types.ts";
import type { SourceBrief } from "../client/scene.ts";
import { languageOf } from "../i18n/i18n.tsx";
import { caveats } from "../map/words.ts";
import { alertOf } from "./alerts.ts";
import type { Figure } from "./figure.ts";
import { doubts, isOld, sourceOf, strengths, toneOfSource, troubleOf } from "./freshness.ts";
import { isOverloaded, loadsOf, toneOfLoad, toneOfShare } from "./loads.ts";
import { problemsOf } from "./problems.ts";
import { Registry } from "./registry.ts";
import { canonical, toneOf, toneOfItem } from "./status.ts";
import { item, sceneOf } from "./testing.ts";
import { isTrouble, MARKS } from "./tones.ts";
import { STATUSES } from "./vocabulary.ts";
import { statusWord } from "./words.ts";

const UKRAINIAN = new Registry(recorded("uk"));

describe("a status", () => {
  test.each([
    ["agent", { status: "online" }, "good"],
    ["agent", { status: "healthy" }, "good"],
    ["agent", { status: "idle" }, "good"],
    ["agent", { status: "BUSY" }, "busy"],
    ["agent", { status: "offline" }, "off"],
    ["agent", { status: "deleted" }, "off"],
    ["agent", { status: "info" }, "idle"],
    ["microdao", { status: "hidden" }, "off"],
    ["agent", { status: "warning" }, "warn"],
    ["node", { status: "offline" }, "bad"],
    ["node", { status: "dead" }, "bad"],
    ["node", { status: "degraded" }, "warn"],
    ["dao", { status: "active", health: "critical" }, "bad"],
    ["dao", { status: "active" }, "good"],
    ["proposal", { status: "rejected" }, "off"],
    ["city", {}, "idle"],
    ["city", { status: { odd: true } }, "idle"],
    ["city", { status: "constructor" }, "idle"],
    ["station", { status: "online" }, "good"],
  ] as const)("of a %s that reports %o is %s", (type, fields, tone) => {
    expect(toneOfItem(item(`${type}:1`, fields), REGISTRY)).toBe(tone);
  });

  test("is trouble exactly where its type says so", () => {
    const words = [...Object.values(STATUSES), "error", "failed", "deleted"];
    for (const kind of REGISTRY.kinds) {
      const all = [...new Set([...words, ...Object.keys(kind.statuses)])];
      expect(all.filter((word) => isTrouble(toneOf(word, kind))).sort()).toEqual([...kind.trouble].sort());
    }
  });

  test.each(Object.keys(STATUSES))("spelt %s has the tone and the word of its canonical spelling", (spelling) => {
    const [english, ukrainian] = [languageOf("en"), languageOf("uk")];
    const node = REGISTRY.kindOf("node");
    expect(toneOf(spelling, node)).toBe(toneOf(canonical(spelling), node));
    expect(statusWord(spelling, english, node)).toBe(statusWord(canonical(spelling), english, node));
    expect(statusWord(spelling, ukrainian, UKRAINIAN.kindOf("node"))).not.toMatch(/[a-z]/);
  });

  test("has a shape that no other has", () => {
    expect(new Set(Object.values(MARKS)).size).toBe(Object.keys(MARKS).length);
  });
});

describe("loads", () => {
  test.each([
    [{ metrics: { cpu: 0.2, gpu: 0.3, ram: 0.4 } }, [0.2, 0.3, 0.4]],
    [{ cpu: 0.2, gpu: 0.3, memory: 0.4 }, [0.2, 0.3, 0.4]],
    [{ cpu: 1e12, gpu: -3 }, [1, 0]],
    [{ metrics: "none" }, []],
    [{}, []],
  ])("of %o are %o", (fields, loads) => {
    expect(loadsOf(item("node:1", fields), REGISTRY.kindOf("node")).map(({ load }) => load)).toEqual(loads);
  });

  test.each([
    [0.5, "good", false],
    [0.75, "warn", false],
    [0.89, "warn", false],
    [0.9, "bad", true],
  ] as const)("of %d are %s; listed as a problem: %s", (cpu, tone, isListed) => {
    const scene = sceneOf({ "nodes.items": [item("node:1", { status: "online", metrics: { cpu } })] });
    expect(toneOfLoad(cpu)).toBe(tone);
    expect(isOverloaded(cpu)).toBe(isListed);
    expect(problemsOf(scene, [], REGISTRY).map((one) => one.tone)).toEqual(isListed ? [tone] : []);
  });
});

test("a share that is no load of a machine is never an overload", () => {
  expect(toneOfShare({ name: "activity", load: 1 })).toBe("busy");
  expect(toneOfShare({ name: "metrics.cpu", load: 1 })).toBe("bad");
});

describe("alerts", () => {
  test("count by the gravest", () => {
    const alerts = [{ severity: "info" }, { severity: "critical" }, { severity: "warn" }, "odd"];
    expect(alertOf(item("node:1", { alerts }))).toBe("bad");
    expect(alertOf(item("node:1", { alerts: [] }))).toBeNull();
  });

  test.each([
    ["info", "busy", 0],
    ["warn", "warn", 1],
    ["error", "bad", 1],
    ["of a new kind", "warn", 1],
  ] as const)("of the severity %s are %s, and so many problems: %d", (severity, tone, count) => {
    const node = item("node:1", { status: "online", alerts: [{ severity, message: "hot" }] });
    expect(alertOf(node)).toBe(tone);
    expect(problemsOf(sceneOf({ "nodes.items": [node] }), [], REGISTRY)).toHaveLength(count);
  });
});

describe("freshness", () => {
  const source = (name: string, status: SourceBrief["status"], age_seconds: number | null): SourceBrief => {
    return { name, service: `${name}-service`, status, observed_at: null, age_seconds, error: null };
  };
  const figure = (name: string) => REGISTRY.figures.find((one) => one.name === name) as Figure;
  const strength = (name: string, sources: SourceBrief[]) =>
    strengths(sources, REGISTRY.figures).get(figure(name)) ?? 0;

  test("fades a figure with the age of the source that reports it", () => {
    const young = [source("agents", "stale", 30)];
    const old = [source("agents", "down", 7200)];
    expect(strength("agent", young)).toBeLessThan(1);
    expect(strength("agent", old)).toBeLessThan(strength("agent", young));
    expect(strength("agent", old)).toBeGreaterThan(0.3);
    expect(strength("node", old)).toBe(1);
  });

  test("asks the next source when the first is switched off", () => {
    const sources = [source("agents", "disabled", null), source("city", "mock", 1)];
    expect(sourceOf(figure("agent"), sources)?.name).toBe("city");
    expect(strength("agent", sources)).toBe(1);
  });

  test.each([
    ["fresh", false],
    ["mock", false],
    ["disabled", false],
    ["stale", true],
    ["down", true],
    ["failed", true],
  ] as const)("of a source that is %s: out of date %s, and so are its tone and the problems", (status, is) => {
    const one = source("agents", status, 60);
    expect(isOld(one)).toBe(is);
    expect(isTrouble(toneOfSource(one))).toBe(is);
    expect(problemsOf({}, [one], REGISTRY)).toHaveLength(is ? 1 : 0);
  });

  test("comes with what could not be used or held the map up, where that may be seen", () => {
    const brief = source("agents", "fresh", 1);
    const counts = { dropped_rows: 0, dropped: [], faults: 0, last_faults: [], set_aside: ["agents.>"] };
    const report = { ...brief, ...counts, overruns: 3, last_overruns: ["plugin.py:7 for 2.0 s"] };
    expect(troubleOf(brief)).toEqual([]);
    expect(troubleOf(report as Parameters<typeof troubleOf>[0])).toEqual([
      { kind: "overruns", count: 3, lines: ["plugin.py:7 for 2.0 s"] },
      { kind: "setAside", count: 1, lines: ["agents.>"] },
    ]);
  });

  test("is described where it is in doubt", () => {
    const all = REGISTRY.figures;
    const lines = (sources: SourceBrief[]) => caveats(doubts(sources, all), REGISTRY, languageOf("en"));
    expect(lines([source("agents", "mock", 1), source("space", "mock", 1)])).toEqual([
      "◐ All of this is simulated",
    ]);
    expect(lines([source("agents", "mock", 1), source("space", "stale", 600), source("dao", "fresh", 1)])).toEqual(
      ["◐ simulated: agents", "▲ out of date (last read 10 min. ago): nodes, planets"],
    );
    expect(lines([source("agents", "stale", 0)])).toEqual(["▲ out of date (last read 2 sec. ago): agents"]);
    expect(lines([source("agents", "fresh", 1)])).toEqual([]);
    expect(lines([])).toEqual([]);
  });
});
