/** The present, at a pace at which it can be read. */

import { useEffect, useState } from "react";
import { useLivingMap } from "../hooks/selectors.ts";

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
