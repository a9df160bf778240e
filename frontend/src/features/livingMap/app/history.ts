/** Pages of the history, from the moment that is shown back as far as it goes. */

import { useCallback, useEffect, useRef, useState } from "react";
import type { MapError } from "../client/http.ts";
import type { HistoryEntry, HistoryPage } from "../domain/history.ts";
import { useLivingMapClient } from "../hooks/LivingMapProvider.tsx";
import { useHistoryEnd } from "./moment.ts";

const PAGE = 100;
const AGAIN_MS = 30_000;
/** After so long a silence an event is in the history. */
const WRITTEN_MS = 2000;
/** So soon what failed is tried again. */
const FAILED_MS = 3000;

export type Pages = {
  readonly entries: readonly HistoryEntry[];
  /** Until when they go; undefined for the present. */
  readonly until: string | undefined;
  /** Null where there is nothing older. */
  readonly next: string | null;
  /** The oldest moment that the history keeps; null where it keeps none, or has not been read. */
  readonly oldest: string | null;
  readonly isLoading: boolean;
  readonly error: MapError | null;
};

const NO_PAGES: Pages = {
  entries: [],
  until: undefined,
  next: null,
  oldest: null,
  isLoading: true,
  error: null,
};

export type ReadPages = Pages & {
  /** Read older ones. */
  readonly more: () => void;
  /** Read the newest now, also while they are held; it ends once that is tried. */
  readonly renew: () => Promise<void>;
};

/**
 * What was read of the history, the newest first, and how more of it is read. What failed is tried again; soon after
 * `newest`, a live event, it is in the history, too, which knows what was before. While `isHeld`, what was read stays as
 * it is but for what is older: among many new ones it would be let go.
 */
export function useHistory(newest: string | undefined, isHeld: boolean): ReadPages {
  const client = useLivingMapClient();
  const until = useHistoryEnd();
  const [pages, setPages] = useState(NO_PAGES);
  const lookAgain = useRef<(isAsked?: boolean) => Promise<void>>(async () => undefined);
  const latest = useRef(pages);
  latest.current = pages;
  const isStill = useRef(false);
  isStill.current = isHeld && pages.entries.length > 0 && pages.error === null;
  const ask = useCallback(
    (cursor: string | null, signal?: AbortSignal) =>
      client.ask<HistoryPage>("living-map/history", { limit: PAGE, until, cursor }, signal),
    [client, until],
  );
  useEffect(() => {
    const abort = new AbortController();
    setPages((before) => ({ ...before, isLoading: true }));
    let timer: ReturnType<typeof setTimeout>;
    const look = (): Promise<void> =>
      ask(null, abort.signal).then(
        (page) => {
          if (abort.signal.aborted) return;
          setPages((before) => ({ ...withNewest(before, page), until }));
          timer = setTimeout(lookAgain.current, AGAIN_MS);
        },
        (error: MapError) => {
          if (abort.signal.aborted) return;
          setPages((before) => ({ ...before, isLoading: false, error }));
          timer = setTimeout(lookAgain.current, FAILED_MS);
        },
      );
    lookAgain.current = async (isAsked = false) => {
      clearTimeout(timer);
      if (!abort.signal.aborted && (isAsked || !isStill.current)) await look();
    };
    look();
    return () => {
      abort.abort();
      clearTimeout(timer);
    };
  }, [ask, until]);
  useEffect(() => {
    if (newest === undefined || latest.current.entries.some(({ cursor }) => cursor === newest)) return;
    const timer = setTimeout(() => lookAgain.current(), WRITTEN_MS);
    return () => clearTimeout(timer);
  }, [newest]);
  const wasHeld = useRef(isHeld);
  useEffect(() => {
    if (wasHeld.current && !isHeld) lookAgain.current();
    wasHeld.current = isHeld;
  }, [isHeld]);
  const renew = useCallback(() => lookAgain.current(true), []);
  const more = useCallback(() => {
    const { next, isLoading } = latest.current;
    if (next === null || isLoading) return;
    setPages((before) => ({ ...before, isLoading: true }));
    ask(next).then(
      (page) => setPages((before) => (before.next === next ? withOlder(before, page) : before)),
      (error: MapError) => setPages((before) => ({ ...before, isLoading: false, error })),
    );
  }, [ask]);
  return { ...pages, more, renew };
}

/** Count how often what has happened has had time to be written: once soon after the start, and soon after each `newest` event. */
export function useWritten(newest: string | undefined): number {
  const [count, setCount] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another event is written later
  useEffect(() => {
    const timer = setTimeout(() => setCount((before) => before + 1), WRITTEN_MS);
    return () => clearTimeout(timer);
  }, [newest]);
  return count;
}

/** What was read before stays where the pages meet; else it is let go, so that nothing is left out between them. */
function withNewest(
  { entries, next }: Pages,
  { items, next_cursor, oldest_available: oldest }: HistoryPage,
): Omit<Pages, "until"> {
  const ids = new Set(items.map(({ id }) => id));
  const meets = entries.findIndex(({ id }) => ids.has(id));
  const isSame = meets === 0 && entries[0]?.id === items[0]?.id;
  if (isSame) return { entries, next, oldest, isLoading: false, error: null };
  if (meets !== 0) return { entries: items, next: next_cursor, oldest, isLoading: false, error: null };
  const older = entries.filter(({ id }) => !ids.has(id));
  return {
    entries: [...items, ...older],
    next: older.length > 0 ? next : next_cursor,
    oldest,
    isLoading: false,
    error: null,
  };
}

function withOlder(
  { entries, until }: Pages,
  { items, next_cursor, oldest_available: oldest }: HistoryPage,
): Pages {
  return { entries: [...entries, ...items], until, next: next_cursor, oldest, isLoading: false, error: null };
}
