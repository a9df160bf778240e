import { useMemo } from "react";
import type { Connection, MapState } from "../client/state.ts";
import { useLivingMapClient } from "./LivingMapProvider.tsx";
import { useStateOf } from "./selectors.ts";

export type LivingMapConnection = Connection & {
  /** Try again at once, e.g. because there is a new token now. Does nothing while a connection is there or being made. */
  retry(): void;
};

const connectionOf = ({ connection }: MapState): Connection => connection;

/** The connection of the `<LivingMapProvider>` above: its status, why it failed, and when it is tried again. */
export function useLivingMapConnection(): LivingMapConnection {
  const client = useLivingMapClient();
  const connection = useStateOf(client, connectionOf);
  return useMemo(() => ({ ...connection, retry: () => client.retry() }), [client, connection]);
}
