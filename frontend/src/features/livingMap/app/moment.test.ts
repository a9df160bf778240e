import { expect, test } from "vitest";
import { LIVE } from "../client/state.ts";
import { askedMoment, DAY } from "./moment.ts";

const NOW = Date.parse("2026-11-30T12:00:00Z");
const PAST = { ...LIVE, mode: "past" } as const;
const OLD = "2020-01-01T00:00:00Z";

test.each([
  ["the present", LIVE, NOW],
  ["one that is there", { ...PAST, at: "-1h", moment: NOW - 5000 }, NOW - 5000],
  ["one that is being read", { ...PAST, at: OLD, isLoading: true }, Date.parse(OLD)],
  ["one that the map does not keep", { ...PAST, at: OLD }, Date.parse(OLD)],
  ["one so long ago", { ...PAST, at: "-2d" }, NOW - 2 * DAY],
  ["one that only the map can tell", { ...PAST, at: "e.7" }, null],
])("the moment that is asked for is %s", (_, time, moment) => {
  expect(askedMoment(time, NOW)).toBe(moment);
});
