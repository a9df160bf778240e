import { type FocusEvent, type KeyboardEvent, type RefObject, useEffect, useRef, useState } from "react";

/** A list that Tab reaches once, and within which arrow keys go from line to line. */
export type Roving = {
  /** Which line Tab reaches. */
  readonly active: number;
  /** What the element around the lines listens to. */
  readonly handlers: {
    readonly onKeyDown: (event: KeyboardEvent) => void;
    readonly onFocus: (event: FocusEvent) => void;
    readonly onBlur: () => void;
  };
};

const PAGE = 10;
const STEPS: ReadonlyMap<string, number> = new Map([
  ["ArrowDown", 1],
  ["ArrowUp", -1],
  ["PageDown", PAGE],
  ["PageUp", -PAGE],
  ["Home", Number.NEGATIVE_INFINITY],
  ["End", Number.POSITIVE_INFINITY],
]);

/**
 * Let arrow keys walk through `count` lines of which only some are drawn. `scrollTo` brings one into sight; each has its
 * number as `data-index`, and in it a button. Beyond the first line lies `before`. A line that goes hands its focus to
 * the one in its place, the last line to `before`.
 */
export function useRoving(
  count: number,
  box: RefObject<HTMLElement | null>,
  scrollTo: (index: number) => void,
  before?: () => void,
): Roving {
  const [wanted, setWanted] = useState(0);
  const active = Math.max(0, Math.min(wanted, count - 1));
  const moveTo = (index: number) => {
    setWanted(index);
    scrollTo(index);
    focusLine(box, index);
  };
  const keep = () => {
    if (count > 0) moveTo(active);
    else if (before) before();
    else box.current?.focus();
  };
  const { onFocus, onBlur } = useKeptFocus(count, box, keep);
  const onKeyDown = (event: KeyboardEvent) => {
    const step = STEPS.get(event.key);
    const here = numberOf(event.target);
    if (step === undefined || here === undefined || count === 0) return;
    event.preventDefault();
    if (step === -1 && here === 0 && before) before();
    else moveTo(Math.max(0, Math.min(count - 1, here + step)));
  };
  const handlers = {
    onKeyDown,
    onBlur,
    onFocus: ({ target }: FocusEvent) => {
      setWanted(numberOf(target) ?? active);
      onFocus();
    },
  };
  return { active, handlers };
}

/** Call `keep` when other lines have taken away the one that had the focus: an element that goes says nothing. */
function useKeptFocus(count: number, box: RefObject<HTMLElement | null>, keep: () => void) {
  const hasFocus = useRef(false);
  const latest = useRef(keep);
  latest.current = keep;
  // biome-ignore lint/correctness/useExhaustiveDependencies: a line goes when there are fewer
  useEffect(() => {
    if (hasFocus.current && !box.current?.contains(document.activeElement)) latest.current();
  }, [count, box]);
  return {
    onFocus: () => {
      hasFocus.current = true;
    },
    onBlur: () => {
      hasFocus.current = false;
    },
  };
}

function numberOf(target: EventTarget): number | undefined {
  const line = (target as HTMLElement).closest<HTMLElement>("[data-index]");
  return line ? Number(line.dataset.index) : undefined;
}

/** Focus a line now, or as soon as it is drawn. */
export function focusLine(box: RefObject<HTMLElement | null>, index: number, turns = 6): void {
  const line = box.current?.querySelector<HTMLElement>(`[data-index="${index}"] button`);
  if (line) line.focus();
  else if (turns > 0) requestAnimationFrame(() => focusLine(box, index, turns - 1));
}
