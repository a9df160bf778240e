// @vitest-environment node
import { expect, test } from "vitest";
import { REGISTRY } from "../../../../tests/types.ts";
import { languageOf } from "../i18n/i18n.tsx";
import { measuresOf } from "./measures.ts";
import { trendOf, trendText, unusualText } from "./totals.ts";

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
