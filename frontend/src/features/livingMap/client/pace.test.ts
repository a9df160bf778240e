import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Pace } from "./pace.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test("what comes all the time is shown ten times a second, the last of it too", () => {
  let latest = 0;
  const shown: number[] = [];
  const pace = new Pace(() => shown.push(latest));
  for (latest = 1; latest <= 500; latest++) {
    pace.soon();
    vi.advanceTimersByTime(2);
  }
  latest = 500;
  vi.advanceTimersByTime(1000);
  expect(shown.length).toBeLessThanOrEqual(11);
  expect(shown.length).toBeGreaterThanOrEqual(10);
  expect(shown.at(-1)).toBe(500);
});

test("what comes after silence is shown at once, and only once", () => {
  let count = 0;
  const pace = new Pace(() => count++);
  vi.advanceTimersByTime(5000);
  pace.soon();
  pace.soon();
  vi.advanceTimersByTime(20);
  expect(count).toBe(1);
  vi.advanceTimersByTime(5000);
  expect(count).toBe(1);
});

test("what was shown meanwhile is not shown again", () => {
  let count = 0;
  const pace = new Pace(() => count++);
  pace.soon();
  pace.shown();
  vi.advanceTimersByTime(5000);
  expect(count).toBe(0);
});
