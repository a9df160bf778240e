import { describe, expect, test } from "vitest";
import { type KeyActions, onKey } from "./keys.ts";

function recorded(focused: boolean): { readonly did: string[]; readonly actions: KeyActions } {
  const did: string[] = [];
  const note = (what: string) => {
    did.push(what);
    return focused;
  };
  return {
    did,
    actions: {
      pan: (dx, dy) => void did.push(`pan ${dx} ${dy}`),
      zoomBy: (factor) => void did.push(factor > 1 ? "nearer" : "farther"),
      fit: () => void did.push("fit"),
      step: (back) => note(back ? "back" : "on"),
      enter: () => note("enter"),
      leave: () => note("leave"),
      hold: () => note("hold"),
    },
  };
}

describe("a key", () => {
  test.each([
    ["ArrowLeft", false, "pan 90 0"],
    ["ArrowDown", true, "pan 0 -270"],
    ["+", false, "nearer"],
    ["=", false, "nearer"],
    ["-", false, "farther"],
    ["0", false, "fit"],
    ["Home", false, "fit"],
    ["Tab", false, "on"],
    ["Tab", true, "back"],
    ["Enter", false, "enter"],
    [" ", false, "enter"],
    ["Escape", false, "leave"],
  ])("%s (shift: %o) means: %s", (key, shift, what) => {
    const seen = recorded(true);
    expect(onKey(key, shift, seen.actions)).toBe(true);
    expect(seen.did).toEqual([what]);
  });

  test("that means nothing is left to the page", () => {
    const seen = recorded(false);
    expect(["a", "/", "F5", "Tab", "Enter", " ", "Escape"].map((key) => onKey(key, false, seen.actions))).toEqual(
      Array(7).fill(false),
    );
  });
});
