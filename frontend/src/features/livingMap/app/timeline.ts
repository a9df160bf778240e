/** What happened when, asked anew every while. */

import { useEffect, useState } from "react";
import type { MapError } from "../client/http.ts";
import type { Timeline } from "../domain/timeline.ts";
import { useLivingMapClient } from "../hooks/LivingMapProvider.tsx";
import { textOf } from "./moment.ts";

const ASKED_MS = 20_000;
const AGAIN_MS = 3000;

export type AskedTimeline = { readonly timeline: Timeline | null; readonly error: MapError | null };

/** The timeline of the last `span` ms in so many points, up to now or to `end`; what was read last stays until there is a newer one. */
export function useTimeline(span: number, points: number, isAsked: boolean, end?: string): AskedTimeline {
  const client = useLivingMapClient();
  const [asked, setAsked] = useState<AskedTimeline>({ timeline: null, error: null });
  useEffect(() => {
    if (!isAsked) return;
    const abort = new AbortController();
    let timer: ReturnType<typeof setTimeout>;
    const ask = () => {
      // by the clock of the map: that of the reader may be wrong, and a recording ended long ago
      const from = end ? textOf(Date.parse(end) - span) : `-${Math.round(span / 1000)}s`;
      client.ask<Timeline>("living-map/timeline", { from, points }, abort.signal).then(
        (timeline) => {
          if (abort.signal.aborted) return;
          setAsked({ timeline, error: null });
          timer = setTimeout(ask, timeline.oldest === null ? AGAIN_MS : ASKED_MS);
        },
        (error: MapError) => {
          if (abort.signal.aborted) return;
          setAsked((before) => ({ ...before, error }));
          timer = setTimeout(ask, ASKED_MS);
        },
      );
    };
    ask();
    return () => {
      abort.abort();
      clearTimeout(timer);
    };
  }, [client, span, points, isAsked, end]);
  return asked;
}
