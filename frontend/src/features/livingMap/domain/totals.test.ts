// @vitest-environment node
import { expect, test } from "vitest";
import { REGISTRY } from "../../../../tests/types.ts";
import { languageOf } from "../i18n/i18n.tsx";
import { measuresOf } from "./measures.ts";
import { knownText, partsOf, shadedText, trendOf, trendText, unusualText } from "./totals.ts";

const MEASURES = measuresOf(REGISTRY);
const TOKENS = MEASURES.find(({ field }) => field.name === "usage.tokens_24h");

test("a trend is what its text names, and as usual where that is wrong", () => {
  const named = trendOf("agent,usage.tokens_24h,node_id,168", MEASURES);
  expect(named).toEqual({ ...TOKENS, by: "node_id", hours: 168 });
  expect(named && trendText(named)).toBe("agent,usage.tokens_24h,node_id,168");
  expect(trendOf("agent,usage.tokens_24h,,1", MEASURES)).toEqual({ ...TOKENS, by: "", hours: 1 });
  const usual = trendOf("agent,usage.tokens_24h,nonsense,5", MEASURES);
  expect(usual).toEqual({ ...TOKENS, by: "microdao_id", hours: 24 });
  expect(trendOf("robot,x", MEASURES)).toEqual(trendOf("", MEASURES));
  expect(trendOf("", [])).toBeUndefined();
});

test.each([
  [4100, 1200, "3.4 times its usual 1,200", "у 3,4 раза більше за звичні 1 200"],
  [6000, 1200, "5 times its usual 1,200", "у 5 разів більше за звичні 1 200"],
  [300, 1200, "only 25% of its usual 1,200", "лише 25% від звичних 1 200"],
  [7, 0, "usually nothing at this time of day", "зазвичай о цій порі нічого"],
])("%d where %d is usual is said in words", (now, median, english, ukrainian) => {
  const course = { now, usual: { median, spread: 10, days: 6 }, unusual: true, points: [] };
  if (!TOKENS) throw new Error("no such measure");
  const said = (locale: "en" | "uk") => unusualText(course, TOKENS, languageOf(locale)).replaceAll(/\s/g, " ");
  expect([said("en"), said("uk")]).toEqual([english, ukrainian]);
  expect(unusualText({ ...course, unusual: false }, TOKENS, languageOf("en"))).toBe("");
});

test("a sum that is not of all says so, now and in the steps of its chart", () => {
  const kind = REGISTRY.kindOf("agent");
  const [en, uk] = [languageOf("en"), languageOf("uk")];
  const steps = { from: Date.parse("2026-01-01T00:00:00Z"), size: 3_600_000 };
  const points = [3, 12, 5, 6, 12].map((known, hour) => ({
    time: new Date(steps.from + hour * steps.size).toISOString(),
    total: known * 100,
    known,
  }));
  const sum = { now: 300, known: 3, things: 12, points };
  expect(knownText(sum, kind, en)).toBe("known of only 3 of 12 agents");
  expect(knownText(sum, { ...kind, plural: "агенти" }, uk)).toBe("агенти: відомо лише 3 з 12");
  expect(shadedText(sum, kind, en)).toBe(
    "Where it is shaded, the number is not known of all: of 3 of 12 agents at least.",
  );
  expect(
    partsOf(sum, steps).map(({ since, until }) => [since, until].map((at) => (at - steps.from) / steps.size)),
  ).toEqual([
    [0, 1],
    [2, 4],
  ]);
  const whole = { ...sum, known: 12, points: points.filter(({ known }) => known === 12) };
  expect([knownText(whole, kind, en), shadedText(whole, kind, en), partsOf(whole, steps)]).toEqual(["", "", []]);
  expect(knownText({ ...sum, now: null, known: 0 }, kind, en)).toBe("");
});
