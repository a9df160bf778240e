// @vitest-environment happy-dom
import { act, cleanup, fireEvent, render, screen } from "@testing-library/react";
import { useRef } from "react";
import { afterEach, expect, test } from "vitest";
import { useRoving } from "./roving.ts";

afterEach(cleanup);

function Search({ lines }: { readonly lines: readonly string[] }) {
  return (
    <>
      <input aria-label="search" />
      <List lines={lines} />
    </>
  );
}

function List({ lines }: { readonly lines: readonly string[] }) {
  const box = useRef<HTMLDivElement>(null);
  const toSearch = () => screen.getByLabelText("search").focus();
  const { active, handlers } = useRoving(lines.length, box, () => undefined, toSearch);
  return (
    <div ref={box} {...handlers}>
      {lines.map((line, index) => (
        <p key={line} data-index={index}>
          <button type="button" tabIndex={index === active ? 0 : -1}>
            {line}
          </button>
        </p>
      ))}
    </div>
  );
}

const focused = () => document.activeElement?.textContent || document.activeElement?.getAttribute("aria-label");

function opened(lines: readonly string[], first: string) {
  const { rerender } = render(<Search lines={lines} />);
  act(() => screen.getByText(first).focus());
  return (others: readonly string[]) => rerender(<Search lines={others} />);
}

test("a line that goes hands its focus to the one in its place", () => {
  const list = opened(["a", "b", "c", "d"], "b");
  list(["a", "c", "d"]);
  expect(focused()).toBe("c");
  fireEvent.keyDown(screen.getByText("c"), { key: "End" });
  expect(focused()).toBe("d");
  list(["a", "c"]);
  expect(focused()).toBe("c");
  list([]);
  expect(focused()).toBe("search");
});

test("a line that stays keeps its focus, wherever it is then", () => {
  const list = opened(["a", "b", "c", "d"], "c");
  list(["c", "d"]);
  expect(focused()).toBe("c");
});

test("a focus that has left the lines is left where it is", () => {
  const list = opened(["a", "b"], "b");
  act(() => screen.getByLabelText("search").focus());
  list(["a"]);
  expect(focused()).toBe("search");
  act(() => screen.getByText("a").focus());
  act(() => screen.getByText("a").blur());
  list([]);
  expect(document.activeElement).toBe(document.body);
});

test("Tab comes back to the line that had the focus last", () => {
  opened(["a", "b", "c"], "c");
  expect(screen.getByText("c").tabIndex).toBe(0);
  expect(screen.getByText("a").tabIndex).toBe(-1);
});
