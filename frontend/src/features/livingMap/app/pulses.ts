import type { LivingMapClient } from "../client/client.ts";
import { type PulseFeed, pulsesOf } from "../domain/pulses.ts";

/** Return what lights up on the map, as the client tells of events. */
export function pulseFeed(client: LivingMapClient): PulseFeed {
  return {
    subscribe: (listener) =>
      client.subscribeEvents((events) => {
        const pulses = events.flatMap(pulsesOf);
        if (pulses.length > 0) listener(pulses);
      }),
  };
}
