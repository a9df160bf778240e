/** The present, at a pace at which it can be read. */

import { useEffect, useState } from "react";
import { compareClocks, mapNow } from "../domain/clock.ts";
import { useLivingMapClient } from "../hooks/LivingMapProvider.tsx";
import { useLivingMap } from "../hooks/selectors.ts";

const COMPARED_MS = 5 * 60_000;

/** The present of the map in ms, looked at every `everyMs`: how long ago something was at the moment that is shown. */
export function useNow(everyMs: number): number {
  const clock = useClock(everyMs);
  return useLivingMap(({ time }) => time.moment) ?? clock;
}

/** The present in ms by the clock of the map, looked at every `everyMs`. */
export function useClock(everyMs: number): number {
  const [now, setNow] = useState(mapNow);
  useEffect(() => {
    const timer = setInterval(() => setNow(mapNow()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}

/** Tell the time by the clock of the map, which is asked now and again. */
export function useMapClock(): void {
  const { http } = useLivingMapClient();
  useEffect(() => {
    const look = async () => {
      const sent = Date.now();
      const answer = await http.ask("living-map/health", {}, undefined, {}, { method: "HEAD", cache: "no-store" });
      compareClocks(answer.headers.get("date"), sent, Date.now());
    };
    const compare = () => look().catch(() => undefined); // the stream notices if the map is unreachable
    compare();
    const timer = setInterval(compare, COMPARED_MS);
    return () => clearInterval(timer);
  }, [http]);
}
