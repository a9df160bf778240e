/** What the things of the map are: the answer of `GET /living-map/types` in the page's language, completed by what the snapshot shows. */

import { createContext, type ReactNode, useContext, useMemo } from "react";
import type { MapState } from "../client/state.ts";
import { Registry } from "../domain/registry.ts";
import { useRegistryOf } from "../hooks/useRegistryOf.ts";
import { useLanguage } from "../i18n/i18n.tsx";
import { usePlace } from "./url.ts";

const Context = createContext<Registry>(new Registry());

/** The registry of the map that is shown. */
export function useRegistry(): Registry {
  return useContext(Context);
}

type Props = { readonly state: MapState; readonly children: (isReady: boolean) => ReactNode };

/**
 * Lets the components below know what things are. They are ready once the map has said it, or has said that it cannot:
 * then what the snapshot shows has to do.
 */
export function RegistryProvider({ state, children }: Props) {
  const { locale } = useLanguage();
  const { registry, isReady } = useRegistryOf(state, locale);
  return <Context value={registry}>{children(isReady)}</Context>;
}

/** The names of the layers that are shown. */
export function useShownLayers(): ReadonlySet<string> {
  const { layers } = usePlace();
  const registry = useRegistry();
  return useMemo(() => layers ?? new Set(registry.layers.map(({ name }) => name)), [layers, registry]);
}
