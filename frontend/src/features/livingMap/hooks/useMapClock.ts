import { useEffect } from "react";
import { askClock } from "../client/clock.ts";
import { useLivingMapClient } from "./LivingMapProvider.tsx";

const COMPARED_MS = 5 * 60_000;

/** Tell the time by the clock of the map, which is asked now and again. */
export function useMapClock(): void {
  const { http } = useLivingMapClient();
  useEffect(() => {
    askClock(http);
    const timer = setInterval(() => askClock(http), COMPARED_MS);
    return () => clearInterval(timer);
  }, [http]);
}
