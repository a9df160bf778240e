/** The present, at a pace at which it can be read. */

import { useEffect, useState } from "react";
import { mapNow, onClock } from "../client/clock.ts";
import { useLivingMap } from "../hooks/selectors.ts";

/** The present of the map in ms, looked at every `everyMs`: how long ago something was at the moment that is shown. */
export function useNow(everyMs: number): number {
  const clock = useClock(everyMs);
  return useLivingMap(({ time }) => time.moment) ?? clock;
}

/** The present in ms by the clock of the map, looked at every `everyMs`, and when that is found to differ. */
export function useClock(everyMs: number): number {
  const [now, setNow] = useState(mapNow);
  useEffect(() => {
    const look = () => setNow(mapNow());
    const timer = setInterval(look, everyMs);
    const leave = onClock(look);
    return () => {
      clearInterval(timer);
      leave();
    };
  }, [everyMs]);
  return now;
}
