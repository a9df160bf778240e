/** Reading the map at a pace at which it can be read, or drawn. */

import { startTransition, useEffect, useState } from "react";
import type { MapState } from "../client/state.ts";
import { useLivingMapClient } from "./LivingMapProvider.tsx";

/** The canvas takes a scene no more often than it settles one. */
export const CANVAS_MS = 180;
/** Faster than this nobody reads numbers and names that change. */
const CALM_MS = 1000;

/**
 * The state, at most every so many milliseconds; the first change after silence shows at once, and so does what is not
 * about the network: another connection, another moment that was asked for, a pause. All else is rendered in pieces,
 * between which keys and the map have their turn.
 */
export function useCalmState(paceMs = CALM_MS): MapState {
  const client = useLivingMapClient();
  const [shown, setShown] = useState(() => ({ client, state: client.getState() }));
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let shownAt = Number.NEGATIVE_INFINITY;
    let latest = client.getState();
    const show = () => {
      clearTimeout(timer);
      timer = undefined;
      shownAt = performance.now();
      latest = client.getState();
      setShown({ client, state: latest });
    };
    const leave = client.subscribe(() => {
      if (isTurn(latest, client.getState())) show();
      // a task of its own: what takes the news in has worked already
      else timer ??= setTimeout(() => startTransition(show), Math.max(0, shownAt + paceMs - performance.now()));
    });
    show();
    return () => {
      leave();
      clearTimeout(timer);
    };
  }, [client, paceMs]);
  return shown.client === client ? shown.state : client.getState();
}

/** Whether it is about how the map is read, not about what it says. */
function isTurn(before: MapState, after: MapState): boolean {
  return (
    before.connection !== after.connection ||
    before.paused !== after.paused ||
    before.time.mode !== after.time.mode ||
    before.time.isLoading !== after.time.isLoading ||
    before.time.speed !== after.time.speed
  );
}
