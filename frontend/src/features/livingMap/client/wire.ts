/** One way by which the stream comes. */

import type { MapError } from "./http.ts";
import type { Ending } from "./machine.ts";

/** What a wire reports. After `ended`, or once closed by `Wire.close`, it reports nothing more. */
export type WireEvents = {
  message(text: string): void;
  ended(how: Ending, error: MapError): void;
};

export type Wire = {
  close(): void;
  /** Send a new token, where the transport is two-way; the one in use is not sent again. */
  show?(token: string): void;
};

export type StreamQuery = {
  readonly layers: string | null;
  /** What is followed; by default the map. */
  readonly feed?: "problems";
  readonly lang?: string | null;
  /** Go on from here. */
  readonly cursor?: string | null;
  /** Play what was from this moment on, so many times as fast. */
  readonly from?: string;
  readonly speed?: number;
};
