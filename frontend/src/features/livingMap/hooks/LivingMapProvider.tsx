import { createContext, type ReactNode, useContext, useEffect, useMemo, useRef, useState } from "react";
import { type ClientOptions, LivingMapClient } from "../client/client.ts";
import type { MapEvent } from "../client/messages.ts";

/** A client, and whether those who provide it let it run. */
export type Provided = { readonly client: LivingMapClient; readonly isEnabled: boolean };

const Context = createContext<Provided | null>(null);

export type LivingMapOptions = ClientOptions & {
  /** `false` reads nothing and keeps no connection, until it is `true` again. What was read before stays. */
  readonly enabled?: boolean | undefined;
  /** Called with each event as it is shown. */
  readonly onEvent?: ((event: MapEvent) => void) | undefined;
};

export type LivingMapProviderProps = LivingMapOptions & {
  /** A client of your own; `url`, `getToken`, `layers`, `at` and `keepEvents` are ignored then. */
  readonly client?: LivingMapClient | undefined;
  readonly children?: ReactNode;
};

/** One connection for all components below. It is opened when this is mounted, and closed when it goes. */
export function LivingMapProvider({ client: given, children, ...options }: LivingMapProviderProps) {
  const client = useOwnClient(given ?? null, options, true);
  const isEnabled = options.enabled ?? true;
  const provided = useMemo(() => ({ client, isEnabled }), [client, isEnabled]);
  return <Context.Provider value={provided}>{children}</Context.Provider>;
}

/** What the provider above provides; null where there is none. */
export function useProvided(): Provided | null {
  return useContext(Context);
}

/** The client of the provider above, for `pause`, `resume`, `retry` and `ask`. Throws where there is none. */
export function useLivingMapClient(): LivingMapClient {
  const provided = useContext(Context);
  if (!provided) throw new Error("no <LivingMapProvider> around this component");
  return provided.client;
}

/** Return `given`, or a client made by `options`. It runs as long as the component is mounted, if that `owns` it. */
export function useOwnClient(
  given: LivingMapClient | null,
  options: LivingMapOptions,
  owns: boolean,
): LivingMapClient {
  const { url, layers, keepEvents, at, enabled = true, onEvent } = options;
  const latest = useLatest(options);
  const make = () => new LivingMapClient({ ...options, getToken: () => latest.current.getToken?.() });
  const key = JSON.stringify([url, layers, keepEvents]);
  const [own, setOwn] = useState(() => (given ? null : { key, client: make() }));
  let client = given ?? own?.client;
  if (!client || (!given && own?.key !== key)) {
    client = make();
    setOwn({ key, client });
  }
  const runs = owns && enabled;
  const hasListener = onEvent !== undefined;
  useEffect(() => {
    if (!hasListener) return;
    return client.subscribeEvents((events) => {
      for (const event of events) latest.current.onEvent?.(event);
    });
  }, [client, hasListener, latest]);
  useEffect(() => {
    if (!runs) return;
    client.start();
    return () => client.stop();
  }, [client, runs]);
  const moment = at instanceof Date ? at.toISOString() : at;
  useEffect(() => {
    if (!runs || given) return;
    if (moment === undefined) client.live();
    else client.seek(moment);
  }, [client, runs, given, moment]);
  return client;
}

/** What a component was last drawn with, for whatever is called later. */
function useLatest<Value>(value: Value): { readonly current: Value } {
  const latest = useRef(value);
  useEffect(() => {
    latest.current = value;
  });
  return latest;
}
