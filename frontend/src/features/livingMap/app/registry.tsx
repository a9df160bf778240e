/** What the things of the map are: the answer of `GET /living-map/types` in the page's language, completed by what the snapshot shows. */

import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from "react";
import type { MapError } from "../client/http.ts";
import type { MapState } from "../client/state.ts";
import { type Observed, observedIn, Registry } from "../domain/registry.ts";
import { NO_TYPES, type TypeTable } from "../domain/types.ts";
import { useLivingMapClient } from "../hooks/LivingMapProvider.tsx";
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
  const isLive = state.connection.status === "live";
  const sources = state.data.meta?.sources.map(({ name }) => name).join() ?? "";
  const observed = useObserved(state);
  const types = useMemo(() => [...observed.keys()].join(), [observed]);
  const { table, isReady } = useTypes(isLive, `${sources} ${types}`);
  const registry = useMemo(() => new Registry(table, observed), [table, observed]);
  return <Context value={registry}>{children(isReady)}</Context>;
}

/** Ask at first, whenever the map is live again or shows other sources or types, and in each language. What is the same changes nothing. */
function useTypes(isLive: boolean, shown: string): { readonly table: TypeTable; readonly isReady: boolean } {
  const client = useLivingMapClient();
  const { locale } = useLanguage();
  const [table, setTable] = useState<TypeTable>(NO_TYPES);
  const [isReady, setReady] = useState(false);
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is shown anew may be declared anew
  useEffect(() => {
    const abort = new AbortController();
    client.ask<TypeTable>("living-map/types", {}, abort.signal, { "Accept-Language": locale }).then(
      (answer) => {
        if (abort.signal.aborted) return;
        setTable((before) => (JSON.stringify(before) === JSON.stringify(answer) ? before : answer));
        setReady(true);
      },
      (_: MapError) => {
        if (!abort.signal.aborted && isLive) setReady(true);
      },
    );
    return () => abort.abort();
  }, [client, locale, isLive, shown]);
  return { table, isReady };
}

/** What the scene shows; the same value until another type appears or an old one is kept elsewhere. */
function useObserved({ data }: MapState): Observed {
  const observed = useMemo(() => observedIn(data.scene), [data.scene]);
  const key = JSON.stringify([...observed]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: equal values have the same key
  return useMemo(() => observed, [key]);
}

/** The names of the layers that are shown. */
export function useShownLayers(): ReadonlySet<string> {
  const { layers } = usePlace();
  const registry = useRegistry();
  return useMemo(() => layers ?? new Set(registry.layers.map(({ name }) => name)), [layers, registry]);
}
