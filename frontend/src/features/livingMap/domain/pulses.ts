/** What lights up on the map: something that happened to a thing just now. */

import type { MapEvent } from "../client/messages.ts";

export type Pulse = { readonly id: string; readonly layer: string; readonly eventType: string };

/** Hands out pulses as they happen; call the answer to unsubscribe. */
export type PulseFeed = {
  subscribe(listener: (pulses: readonly Pulse[]) => void): () => void;
};

/** Return what an event touched. The difference that a poll found did not happen just now. */
export function pulsesOf({ event_type, changes }: MapEvent): readonly Pulse[] {
  if (event_type.startsWith("livingmap.")) return [];
  return changes.flatMap((change) =>
    change.op === "put" ? [{ id: change.id, layer: change.layer, eventType: event_type }] : [],
  );
}
