// @vitest-environment node
import { expect, test } from "vitest";
import { dayOf, daysAfter, spansOf, timesOf } from "./day.ts";
import type { Turn } from "./history.ts";

const turn = (at: number, from: string, to: string, came = false): Turn => ({
  at,
  from,
  to,
  came,
  isFirst: false,
});

test("a day is as its address says, whatever the time zone of the reader", () => {
  const from = Date.parse("2026-06-04T21:00:00Z");
  expect(dayOf("2026-06-04T21:00:00Z", 0)).toEqual({ from, to: daysAfter(from, 1) });
  expect(new Date(dayOf("nonsense", from).from).getHours()).toBe(0);
});

test("the turns of a status, the newest first, are the spans between them", () => {
  const turns = [turn(70, "busy", "online"), turn(30, "online", "busy"), turn(5, "offline", "online")];
  const spans = spansOf(turns, { from: 10, to: 100, last: "online" });
  expect(spans).toEqual([
    { from: 10, to: 30, status: "online" },
    { from: 30, to: 70, status: "busy" },
    { from: 70, to: 100, status: "online" },
  ]);
  expect(timesOf(spans)).toEqual([
    { status: "online", ms: 50 },
    { status: "busy", ms: 40 },
  ]);
});

test("before it came to the map it had no status, and without a turn it was as it is", () => {
  expect(spansOf([turn(40, "", "online", true)], { from: 10, to: 100, last: "online" })).toEqual([
    { from: 10, to: 40, status: null },
    { from: 40, to: 100, status: "online" },
  ]);
  expect(spansOf([], { from: 10, to: 100, last: "idle" })).toEqual([{ from: 10, to: 100, status: "idle" }]);
});
