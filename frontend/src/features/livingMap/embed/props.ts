/** What `<LivingMap/>` takes. */

import type { CSSProperties } from "react";
import type { LivingMapOptions } from "../hooks/LivingMapProvider.tsx";

export type LivingMapProps = Omit<LivingMapOptions, "layers"> & {
  /** Show only these layers; by default all. */
  readonly layers?: readonly string[] | undefined;
  /** The id of what is selected, `null` for nothing; without it the map keeps what is picked itself. */
  readonly select?: string | null | undefined;
  /** Called when a person picks something, or nothing (`null`). */
  readonly onSelect?: ((id: string | null) => void) | undefined;
  /** Move to the thing of this id, as soon as it is on the map and whenever the id changes. */
  readonly flyTo?: string | null | undefined;
  /**
   * Called with what keeps the map from being drawn, such as code that could not be loaded. The map says so in its own
   * place and offers to try again; nothing reaches the app's error boundaries.
   */
  readonly onError?: ((error: Error) => void) | undefined;
  /** By default as the browser's settings say. */
  readonly theme?: "dark" | "light" | undefined;
  /** By default as the browser's settings say. */
  readonly locale?: "en" | "uk" | undefined;
  readonly className?: string | undefined;
  /** By default the map fills its parent, and is at least 240 px high. */
  readonly style?: CSSProperties | undefined;
};
