/** Troubles that are read: their lines stay where they are until nobody reads them. */

import { useEffect, useRef, useState } from "react";
import type { Trouble } from "../domain/troubles.ts";

export type HeldTroubles = {
  /** Those that are listed, as they were when they were put into order. */
  readonly held: readonly Trouble[];
  /** Those that have begun since. */
  readonly fresh: readonly Trouble[];
  /** What was known last of one that is listed, also once it has ended. */
  lastOf(one: Trouble): Trouble;
  /** Put all into order that there are. */
  sort(): void;
};

/** Keep the order of `troubles`, those that are not acknowledged, for as long as any that is listed lasts and the page is seen. */
export function useHeldTroubles(troubles: readonly Trouble[], isSettled: boolean): HeldTroubles {
  const [held, hold] = useState(troubles);
  const latest = useRef(troubles);
  latest.current = troubles;
  const last = useRef(new Map<string, Trouble>());
  for (const one of troubles) last.current.set(one.key, one);
  const keys = new Set(held.map(({ key }) => key));
  const isRead = isSettled && troubles.some(({ key }) => keys.has(key));
  if (!isRead && held !== troubles) hold(troubles);
  useEffect(() => {
    const look = () => document.visibilityState === "hidden" && hold(latest.current);
    document.addEventListener("visibilitychange", look);
    return () => document.removeEventListener("visibilitychange", look);
  }, []);
  return {
    held: isRead ? held : troubles,
    fresh: isRead ? troubles.filter(({ key }) => !keys.has(key)) : [],
    lastOf: (one) => last.current.get(one.key) ?? one,
    sort: () => hold(troubles),
  };
}
