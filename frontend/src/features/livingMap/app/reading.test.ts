// @vitest-environment happy-dom
import { act, cleanup, renderHook } from "@testing-library/react";
import { afterEach, expect, test } from "vitest";
import { useHeldList, useReading } from "./reading.ts";

afterEach(cleanup);

const all = (keys: string) => [...keys].map((key) => ({ key }));

function list(first: string, isRead = true) {
  const props = { keys: first, isRead, question: "" };
  const hook = renderHook(({ keys, isRead, question }) => useHeldList(all(keys), question, isRead), {
    initialProps: props,
  });
  const show = (keys: string, more: Partial<typeof props> = {}) => {
    hook.rerender({ ...props, keys, ...more });
    const { listed, waiting } = hook.result.current;
    return [listed.map(({ key }) => key).join(""), waiting];
  };
  return { show, release: () => act(() => hook.result.current.release()) };
}

test("while a list is read what is new waits, and what is older comes below", () => {
  const { show, release } = list("cb");
  expect(show("edcb")).toEqual(["cb", 2]);
  expect(show("edcba")).toEqual(["cba", 2]);
  release();
  expect(show("edcba")).toEqual(["edcba", 0]);
  expect(show("fedcba")).toEqual(["edcba", 1]);
});

test("what nobody reads goes on, and so does a list with nothing in it", () => {
  const { show } = list("b", false);
  expect(show("cb", { isRead: false })).toEqual(["cb", 0]);
  expect(show("cb", { isRead: true })).toEqual(["cb", 0]);
  expect(show("dcb", { isRead: true })).toEqual(["cb", 1]);
  expect(show("dcb", { isRead: false })).toEqual(["dcb", 0]);
  const empty = list("");
  expect(empty.show("a")).toEqual(["a", 0]);
});

test("what is read stays when it is not kept any more, and how many wait is not known then", () => {
  const { show } = list("cb");
  expect(show("edb")).toEqual(["cb", null]);
  expect(show("fed")).toEqual(["cb", null]);
});

test("what is read is said in the words of today", () => {
  const props = { text: "b" };
  const { result, rerender } = renderHook(({ text }) => useHeldList([{ key: "b", text }], "", true), {
    initialProps: props,
  });
  rerender({ text: "б" });
  expect(result.current.listed).toEqual([{ key: "b", text: "б" }]);
});

test("another question lists its own", () => {
  const { show } = list("cb");
  expect(show("zy", { question: "other" })).toEqual(["zy", 0]);
  expect(show("zyx", { question: "other" })).toEqual(["zyx", 0]);
});

test("who points at a list, is in it with the keyboard or has scrolled reads it", () => {
  const scroller = document.createElement("div");
  scroller.className = "scroll";
  const lines = scroller.appendChild(document.createElement("ol"));
  document.body.append(scroller);
  const { result } = renderHook(() => useReading());
  act(() => result.current.box(lines));
  const after = (type: string, top = 0) => {
    scroller.scrollTop = top;
    act(() => void scroller.dispatchEvent(new Event(type)));
    return result.current.isRead;
  };
  expect(result.current.isRead).toBe(false);
  expect([after("pointerenter"), after("pointerleave")]).toEqual([true, false]);
  expect([after("focusin"), after("focusout")]).toEqual([true, false]);
  after("focusin");
  act(() => void scroller.dispatchEvent(new FocusEvent("focusout", { relatedTarget: lines })));
  expect([result.current.isRead, after("focusout")]).toEqual([true, false]);
  expect([after("scroll", 20), after("pointerleave", 20), after("scroll", 0)]).toEqual([true, true, false]);
  act(() => result.current.box(null));
  expect(after("pointerenter")).toBe(false);
});
