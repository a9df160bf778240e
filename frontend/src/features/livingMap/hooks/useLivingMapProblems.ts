import { useEffect, useState } from "react";
import { followProblems, NO_PROBLEMS, type ProblemsState } from "../client/problems.ts";
import { useLivingMapClient } from "./LivingMapProvider.tsx";

export type LivingMapProblems = ProblemsState;

/**
 * What is wrong on the map of the `<LivingMapProvider>` above, in a language such as `uk`, by a connection of its own:
 * each problem with what it means, what to do, since when, and who has acknowledged it.
 */
export function useLivingMapProblems({
  lang,
  enabled = true,
}: {
  readonly lang?: string | undefined;
  readonly enabled?: boolean | undefined;
} = {}): LivingMapProblems {
  const client = useLivingMapClient();
  const [state, setState] = useState(NO_PROBLEMS);
  useEffect(() => {
    if (!enabled) return;
    setState(NO_PROBLEMS);
    return followProblems(client.http, lang ?? null, setState);
  }, [client, lang, enabled]);
  return state;
}
