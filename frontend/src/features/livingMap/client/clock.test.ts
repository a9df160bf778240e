import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { compareClocks, mapNow, mapTime, onClock } from "./clock.ts";

const NOW = Date.parse("2026-11-30T12:00:00Z");

beforeEach(() => {
  vi.useFakeTimers({ now: NOW });
});

afterEach(() => {
  compareClocks(new Date(Date.now()).toUTCString(), Date.now(), Date.now());
  vi.useRealTimers();
});

test.each([
  ["five minutes behind", "Mon, 30 Nov 2026 12:05:00 GMT", 300.5],
  ["an hour ahead", "Mon, 30 Nov 2026 11:00:00 GMT", -3599.5],
  ["right", "Mon, 30 Nov 2026 12:00:00 GMT", 0],
  ["off by less than can be told", "Mon, 30 Nov 2026 12:00:01 GMT", 0],
])("where the reader's clock is %s the map's counts", (_, date, seconds) => {
  compareClocks(date, NOW - 100, NOW + 100);
  expect(mapNow() - NOW).toBe(seconds * 1000);
  expect(mapTime(NOW - 60_000)).toBe(NOW + (seconds - 60) * 1000);
});

test("a clock that is set right counts again", () => {
  compareClocks("Mon, 30 Nov 2026 12:05:00 GMT", NOW, NOW);
  compareClocks("Mon, 30 Nov 2026 12:00:00 GMT", NOW, NOW);
  expect(mapNow()).toBe(NOW);
});

test("who shows how long ago something was learns of another clock", () => {
  const times: number[] = [];
  const leave = onClock(() => times.push(mapNow() - NOW));
  compareClocks("Mon, 30 Nov 2026 12:05:00 GMT", NOW, NOW);
  compareClocks("Mon, 30 Nov 2026 12:05:00 GMT", NOW, NOW);
  leave();
  compareClocks("Mon, 30 Nov 2026 12:10:00 GMT", NOW, NOW);
  expect(times).toEqual([300_500]);
});

test("an answer that was long on its way tells less", () => {
  compareClocks("Mon, 30 Nov 2026 12:00:04 GMT", NOW - 4000, NOW + 4000);
  expect(mapNow()).toBe(NOW);
});

test.each([null, "", "yesterday"])("a date that says nothing, %s, changes nothing", (date) => {
  compareClocks("Mon, 30 Nov 2026 12:05:00 GMT", NOW, NOW);
  compareClocks(date, NOW, NOW);
  expect(mapNow() - NOW).toBe(300_500);
});
