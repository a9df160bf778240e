/** Lists that grow at their top: what is read stays where it is, and what is new waits. */

import { useCallback, useEffect, useState } from "react";
import { useMedia } from "../hooks/useMedia.ts";

/** Lists that scroll, or lie in something that does. */
const SCROLLS = ".scroll";
/** Around a list that scrolls, what belongs to it: on the way to the button that shows what is new, it stays as it is. */
const AROUND = ".panel";

export type Reading = {
  /** Whether somebody reads: points at the list, its panel or what it lies in, is in it with the keyboard, or has scrolled. Of touch nobody knows: it counts as read. */
  readonly isRead: boolean;
  /** The element around the lines. */
  readonly box: (element: HTMLElement | null) => void;
  readonly toTop: () => void;
};

export function useReading(): Reading {
  const [element, box] = useState<HTMLElement | null>(null);
  const isTouched = useMedia("(pointer: coarse)");
  const [isNear, setNear] = useState(false);
  useEffect(() => {
    const scroller = element?.closest<HTMLElement>(SCROLLS);
    if (!scroller) return;
    const around = scroller.closest<HTMLElement>(AROUND) ?? scroller;
    const signs = { isOver: around.matches(":hover"), hasFocus: scroller.matches(":focus-within") };
    const note = (sign: Partial<typeof signs>) => {
      Object.assign(signs, sign);
      setNear(signs.isOver || signs.hasFocus || scroller.scrollTop > 0);
    };
    const abort = new AbortController();
    const on = <Type extends keyof HTMLElementEventMap>(
      target: HTMLElement,
      type: Type,
      sign: (event: HTMLElementEventMap[Type]) => Partial<typeof signs>,
    ) => target.addEventListener(type, (event) => note(sign(event)), { passive: true, signal: abort.signal });
    on(around, "pointerenter", () => ({ isOver: true }));
    on(around, "pointerleave", () => ({ isOver: false }));
    on(scroller, "focusin", () => ({ hasFocus: true }));
    on(scroller, "focusout", ({ relatedTarget }) => ({
      hasFocus: scroller.contains(relatedTarget as Node | null),
    }));
    on(scroller, "scroll", () => ({}));
    note({});
    return () => abort.abort();
  }, [element]);
  const toTop = useCallback(() => element?.closest(SCROLLS)?.scrollTo({ top: 0 }), [element]);
  return { isRead: isNear || isTouched, box, toTop };
}

export type HeldList<T> = {
  /** What is listed, the newest first. */
  readonly listed: readonly T[];
  /** How many newer ones wait; null where there are more than is known. */
  readonly waiting: number | null;
  /** List all that there are. */
  readonly release: () => void;
};

/** Keep `items`, the newest first, as they are while they are read; what is older still comes below. Another `question` lists its own. */
export function useHeldList<T extends { readonly key: string }>(
  items: readonly T[],
  question: string,
  isRead: boolean,
): HeldList<T> {
  const [held, hold] = useState<{ readonly question: string; readonly items: readonly T[] } | null>(null);
  const release = useCallback(() => hold(null), []);
  const isHeld = isRead && held?.question === question;
  if (isRead && !isHeld && items.length > 0) hold({ question, items });
  if (!isRead && held) hold(null);
  if (!isHeld) return { listed: items, waiting: 0, release };
  const places = new Map(items.map(({ key }, place) => [key, place]));
  const placeOf = (one: T | undefined) => (one ? places.get(one.key) : undefined);
  const last = placeOf(held.items.at(-1));
  const older = last === undefined ? [] : items.slice(last + 1);
  const waiting = placeOf(held.items.find((one) => places.has(one.key)));
  const isKnown = placeOf(held.items[0]) !== undefined;
  const current = held.items.map((one) => items[placeOf(one) ?? -1] ?? one);
  return { listed: [...current, ...older], waiting: isKnown ? (waiting ?? 0) : null, release };
}
