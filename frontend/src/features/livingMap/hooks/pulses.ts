import type { LivingMapClient } from "../client/client.ts";
import { type PulseFeed, pulsesOf } from "../domain/pulses.ts";

/** Return a feed of what lights up on the map, from the events that a client receives. */
export function pulseFeed(client: LivingMapClient): PulseFeed {
  return {
    subscribe: (listener) =>
      client.subscribeEvents((events) => {
        const pulses = events.flatMap(pulsesOf);
        if (pulses.length > 0) listener(pulses);
      }),
  };
}
