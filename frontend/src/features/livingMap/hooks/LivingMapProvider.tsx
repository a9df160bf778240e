import { createContext, type ReactNode, useContext, useEffect, useRef, useState } from "react";
import { type ClientOptions, LivingMapClient } from "../client/client.ts";

const Context = createContext<LivingMapClient | null>(null);

export type LivingMapProviderProps = ClientOptions & {
  /** A client of your own; `url`, `getToken` and `layers` are ignored then. */
  readonly client?: LivingMapClient | undefined;
  readonly children: ReactNode;
};

/** One connection for all components below. It is opened when this is mounted, and closed when it goes. */
export function LivingMapProvider({ client, children, ...options }: LivingMapProviderProps) {
  const used = useOwnClient(client ?? null, options, true);
  return <Context value={used}>{children}</Context>;
}

/** The client of the provider above; null where there is none. */
export function useProvidedClient(): LivingMapClient | null {
  return useContext(Context);
}

/** The client of the provider above, for `pause`, `resume`, `retry` and `ask`. Throws where there is none. */
export function useLivingMapClient(): LivingMapClient {
  const client = useContext(Context);
  if (!client) throw new Error("no <LivingMapProvider> stands above this component; wrap the app in one");
  return client;
}

/** Return `given`, or a client made by `options`. It runs as long as the component is mounted, if that `owns` it. */
export function useOwnClient(
  given: LivingMapClient | null,
  options: ClientOptions,
  owns: boolean,
): LivingMapClient {
  const { url, layers, getToken } = options;
  const tokenGetter = useRef(getToken);
  useEffect(() => {
    tokenGetter.current = getToken;
  });
  const make = () => new LivingMapClient({ ...options, getToken: () => tokenGetter.current?.() });
  const key = JSON.stringify([url ?? null, layers ?? null]);
  const [own, setOwn] = useState(() => ({ key, client: given ?? make() }));
  let client = given ?? own.client;
  if (!given && own.key !== key) {
    client = make();
    setOwn({ key, client });
  }
  useEffect(() => {
    if (!owns) return;
    client.start();
    return () => client.stop();
  }, [client, owns]);
  return client;
}
