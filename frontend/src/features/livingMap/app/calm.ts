/** Reading the map at a pace at which it can be read. */

import { useCallback, useEffect, useRef, useState, useSyncExternalStore } from "react";
import type { MapState } from "../client/state.ts";
import { useLivingMapClient } from "../hooks/LivingMapProvider.tsx";
import { useLivingMap } from "../hooks/selectors.ts";

const CALM_MS = 400;

/** The state, at most every so many milliseconds; the first change after silence shows at once. */
export function useCalmState(paceMs = CALM_MS): MapState {
  const client = useLivingMapClient();
  const latest = useRef(client.getState());
  const subscribe = useCallback(
    (listener: () => void) => {
      let timer: ReturnType<typeof setTimeout> | undefined;
      let shownAt = 0;
      const show = () => {
        timer = undefined;
        shownAt = performance.now();
        latest.current = client.getState();
        listener();
      };
      const leave = client.subscribe(() => {
        const wait = shownAt + paceMs - performance.now();
        if (timer === undefined && wait > 0) timer = setTimeout(show, wait);
        else if (timer === undefined) show();
      });
      show();
      return () => {
        leave();
        clearTimeout(timer);
      };
    },
    [client, paceMs],
  );
  return useSyncExternalStore(subscribe, () => latest.current);
}

/** The present of the map in ms, looked at every `everyMs`: how long ago something was at the moment that is shown. */
export function useNow(everyMs: number): number {
  const clock = useClock(everyMs);
  return useLivingMap(({ time }) => time.moment) ?? clock;
}

/** The true present in ms, looked at every `everyMs`. */
export function useClock(everyMs: number): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}
