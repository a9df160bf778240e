/** Reading the map at a pace at which panels can be read: the canvas has every frame, text changes more slowly. */

import { useCallback, useEffect, useRef, useState, useSyncExternalStore } from "react";
import type { MapState } from "../client/state.ts";
import { useLivingMapClient } from "../hooks/LivingMapProvider.tsx";

const CALM_MS = 400;

/** The state, at most every `CALM_MS`; the first change after silence shows at once. */
export function useCalmState(): MapState {
  const client = useLivingMapClient();
  const shown = useRef(client.getState());
  const subscribe = useCallback(
    (listener: () => void) => {
      let timer: ReturnType<typeof setTimeout> | undefined;
      let toldAt = 0;
      const tell = () => {
        timer = undefined;
        toldAt = performance.now();
        shown.current = client.getState();
        listener();
      };
      const leave = client.subscribe(() => {
        const wait = toldAt + CALM_MS - performance.now();
        if (timer === undefined && wait > 0) timer = setTimeout(tell, wait);
        else if (timer === undefined) tell();
      });
      tell();
      return () => {
        leave();
        clearTimeout(timer);
      };
    },
    [client],
  );
  return useSyncExternalStore(subscribe, () => shown.current);
}

/** The present in ms, looked at every `everyMs`: for how long ago something was. */
export function useNow(everyMs: number): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}
