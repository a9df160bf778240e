/** Reading the map at a pace at which it can be read, or drawn. */

import { useCallback, useRef, useSyncExternalStore } from "react";
import type { MapState } from "../client/state.ts";
import { useLivingMapClient } from "./LivingMapProvider.tsx";

/** The canvas takes a scene no more often than it settles one. */
export const CANVAS_MS = 180;
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
