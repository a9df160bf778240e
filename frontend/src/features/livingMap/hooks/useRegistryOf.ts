import { useEffect, useMemo, useState } from "react";
import { ignored, persistently } from "../client/persistently.ts";
import type { MapState } from "../client/state.ts";
import { type Observed, observedIn, Registry } from "../domain/registry.ts";
import { NO_TYPES, type TypeTable } from "../domain/types.ts";
import { useLivingMapClient } from "./LivingMapProvider.tsx";

/**
 * What the things of a map are, in a language. It is ready once the map has said it, or has said that it cannot: then
 * what the snapshot shows has to do.
 */
export function useRegistryOf(
  state: MapState,
  locale: string,
): { readonly registry: Registry; readonly isReady: boolean } {
  const isLive = state.connection.status === "live";
  const sources = state.data.meta?.sources.map(({ name }) => name).join() ?? "";
  const observed = useObserved(state);
  const types = useMemo(() => [...observed.keys()].join(), [observed]);
  const { table, isReady } = useTypes(isLive, `${sources} ${types}`, locale);
  const registry = useMemo(() => new Registry(table, observed), [table, observed]);
  return { registry, isReady };
}

/** Ask at first, whenever the map is live again or shows other sources or types, and in each language. What is the same changes nothing. */
function useTypes(
  isLive: boolean,
  shown: string,
  locale: string,
): { readonly table: TypeTable; readonly isReady: boolean } {
  const client = useLivingMapClient();
  const [table, setTable] = useState<TypeTable>(NO_TYPES);
  const [isReady, setReady] = useState(false);
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is shown anew may be declared anew
  useEffect(() => {
    const abort = new AbortController();
    persistently(
      () => client.ask<TypeTable>("living-map/types", {}, abort.signal, { "Accept-Language": locale }),
      abort.signal,
      () => isLive && setReady(true),
    ).then((answer) => {
      setTable((before) => (JSON.stringify(before) === JSON.stringify(answer) ? before : answer));
      setReady(true);
    }, ignored);
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
