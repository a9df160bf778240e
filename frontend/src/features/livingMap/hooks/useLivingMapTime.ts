import { useEffect, useMemo, useState } from "react";
import type { At, LivingMapClient } from "../client/client.ts";
import type { MapState, ShownTime } from "../client/state.ts";
import { useLivingMapClient } from "./LivingMapProvider.tsx";
import { useStateOf } from "./selectors.ts";

const LOOKED_MS = 60_000;

/** From the oldest moment that the map can show to the present, in ms since 1970. */
export type MomentRange = { readonly from: number; readonly to: number };

export type LivingMapTime = ShownTime & {
  /** Which moments there are; null until the map has said so, and where it keeps none. */
  readonly range: MomentRange | null;
  /** Show the map as it was at a moment: a date, a time (RFC 3339), a cursor, or relative such as `-15m`. */
  seek(at: At): void;
  /** Let the moment go on, so many times as fast as it happened. */
  play(speed: number): void;
  pause(): void;
  /** Show the present again. */
  live(): void;
};

const timeOf = ({ time }: MapState): ShownTime => time;

/** The moment that all components below a `<LivingMapProvider>` show, and the way to another one. */
export function useLivingMapTime(): LivingMapTime {
  const client = useLivingMapClient();
  const time = useStateOf(client, timeOf);
  const range = useRange(client);
  return useMemo(
    () => ({
      ...time,
      range,
      seek: (at) => client.seek(at),
      play: (speed) => client.play(speed),
      pause: () => client.pause(),
      live: () => client.live(),
    }),
    [client, time, range],
  );
}

function useRange(client: LivingMapClient): MomentRange | null {
  const [range, setRange] = useState<MomentRange | null>(null);
  useEffect(() => {
    const abort = new AbortController();
    const look = () =>
      client.ask<{ oldest: string | null; to: string }>("living-map/timeline", { points: 1 }, abort.signal).then(
        ({ oldest, to }) => setRange(oldest === null ? null : { from: Date.parse(oldest), to: Date.parse(to) }),
        () => undefined, // what was read before is as good as it was
      );
    look();
    const timer = setInterval(look, LOOKED_MS);
    return () => {
      abort.abort();
      clearInterval(timer);
    };
  }, [client]);
  return range;
}
