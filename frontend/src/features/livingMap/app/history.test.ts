// @vitest-environment happy-dom
import { act, cleanup, renderHook } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";
import { useWritten } from "./history.ts";

afterEach(() => {
  cleanup();
  vi.useRealTimers();
});

test("the history is read again once what has just happened has had time to be written", () => {
  vi.useFakeTimers();
  const { result, rerender } = renderHook(({ newest }) => useWritten(newest), {
    initialProps: { newest: undefined as string | undefined },
  });
  const after = (ms: number) => {
    act(() => void vi.advanceTimersByTime(ms));
    return result.current;
  };
  expect([result.current, after(1900), after(200), after(60_000)]).toEqual([0, 0, 1, 1]);
  rerender({ newest: "a" });
  expect([after(1900), after(200), after(60_000)]).toEqual([1, 2, 2]);
});
