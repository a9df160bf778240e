// @vitest-environment happy-dom
import { act, cleanup, renderHook } from "@testing-library/react";
import { afterEach, expect, test } from "vitest";
import type { Trouble } from "../domain/troubles.ts";
import { useHeldTroubles } from "./heldTroubles.ts";

afterEach(cleanup);

const all = (...keys: string[]) => keys.map((key) => ({ key }) as Trouble);
const keysOf = (list: readonly Trouble[]) => list.map(({ key }) => key).join();

function held(first: readonly Trouble[], isSettled = true) {
  const hook = renderHook(({ troubles, settled }) => useHeldTroubles(troubles, settled), {
    initialProps: { troubles: first, settled: isSettled },
  });
  const shown = () => [keysOf(hook.result.current.held), keysOf(hook.result.current.fresh)];
  const show = (troubles: readonly Trouble[], settled = true) => {
    hook.rerender({ troubles, settled });
    return shown();
  };
  return { show, shown, hook };
}

test("what begins while others are read stands apart, and what ends stays, until they are put into order", () => {
  const { show, shown, hook } = held(all("a", "b"));
  expect(show(all("new", "a", "b"))).toEqual(["a,b", "new"]);
  expect(show(all("new", "b"))).toEqual(["a,b", "new"]);
  act(() => hook.result.current.sort());
  expect(shown()).toEqual(["new,b", ""]);
});

test("of what has ended is shown what was known of it last", () => {
  const { show, hook } = held(all("a", "b"));
  const [a, b] = [{ key: "a" }, { key: "b", since: 5 }] as unknown as readonly [Trouble, Trouble];
  show([a, b]);
  show([a]);
  expect(hook.result.current.held.map(hook.result.current.lastOf)).toEqual([a, b]);
});

test("where nothing that is listed lasts, what there is now is listed", () => {
  const { show } = held(all("a"));
  expect(show(all("b"))).toEqual(["b", ""]);
  expect(show([])).toEqual(["", ""]);
  expect(show(all("c"))).toEqual(["c", ""]);
});

test("before the list is shown it is put into order", () => {
  const { show } = held(all("b"), false);
  expect(show(all("a", "b"), false)).toEqual(["a,b", ""]);
  expect(show(all("a", "b", "c"))).toEqual(["a,b", "c"]);
});

test("who looks elsewhere meanwhile finds all in order", () => {
  const { show, shown } = held(all("b"));
  show(all("a", "b"));
  Object.defineProperty(document, "visibilityState", { value: "hidden", configurable: true });
  act(() => void document.dispatchEvent(new Event("visibilitychange")));
  Object.defineProperty(document, "visibilityState", { value: "visible", configurable: true });
  expect(shown()).toEqual(["a,b", ""]);
});
