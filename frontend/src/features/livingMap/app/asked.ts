/** Asking the map's API from a component: the answer, or that there is none. */

import { useEffect, useState } from "react";
import type { MapError, Parameters } from "../client/http.ts";
import { useLivingMapClient } from "../hooks/LivingMapProvider.tsx";

export type Asked<Answer> = { readonly answer: Answer | null; readonly error: MapError | null };

const NOTHING = { answer: null, error: null };

/** Ask for a path whenever it, its parameters or `again` change. What was answered for another path is forgotten. */
export function useAsked<Answer>(path: string, parameters: Parameters, again = 0): Asked<Answer> {
  const client = useLivingMapClient();
  const key = JSON.stringify([path, parameters]);
  const [asked, setAsked] = useState<Asked<Answer> & { key: string }>({ ...NOTHING, key });
  // biome-ignore lint/correctness/useExhaustiveDependencies: `again` asks once more
  useEffect(() => {
    const [askedPath, askedParameters] = JSON.parse(key) as [string, Parameters];
    const abort = new AbortController();
    client.ask<Answer>(askedPath, askedParameters, abort.signal).then(
      (answer) => !abort.signal.aborted && setAsked({ key, answer, error: null }),
      (error: MapError) => !abort.signal.aborted && setAsked({ key, answer: null, error }),
    );
    return () => abort.abort();
  }, [client, key, again]);
  return asked.key === key ? asked : NOTHING;
}
