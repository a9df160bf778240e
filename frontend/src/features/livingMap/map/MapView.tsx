/** The map: one canvas that shows the network as a place. */

import { type Ref, useImperativeHandle } from "react";
import type { LayerName, PulseFeed, Scene, SourceBrief, MapView as View } from "../client/scene.ts";

/** What the page may tell the map to do. */
export type MapHandle = {
  /** Move to where `id` stands and come close enough to see it. Does nothing for what is not on the map. */
  flyTo(id: string): void;
  /** Show all of the shown layers. */
  fit(): void;
};

export type MapViewProps = {
  readonly scene: Scene;
  readonly sources: readonly SourceBrief[];
  readonly layers: ReadonlySet<LayerName>;
  readonly selected: string | null;
  /** Asked when a person picks something, or nothing (`null`). */
  readonly onSelect: (id: string | null) => void;
  readonly pulses: PulseFeed;
  /** Where to look; null shows everything. Read when it differs from what `onView` told last. */
  readonly view: View | null;
  /** Told when a person has moved the map and it has come to rest. */
  readonly onView: (view: View) => void;
  readonly theme: "dark" | "light";
  readonly locale: "uk" | "en";
  readonly reducedMotion: boolean;
  readonly ref?: Ref<MapHandle>;
};

export function MapView({ ref }: MapViewProps) {
  useImperativeHandle(ref, () => ({ flyTo: () => undefined, fit: () => undefined }), []);
  return <div style={{ position: "relative", width: "100%", height: "100%", overflow: "hidden" }} />;
}
