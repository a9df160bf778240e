/** Asking the map's API from a component: the answer, or that there is none. */

import { useEffect, useRef, useState } from "react";
import type { MapError, Parameters } from "../client/http.ts";
import { ignored, persistently } from "../client/persistently.ts";
import { useLivingMapClient } from "../hooks/LivingMapProvider.tsx";
import { useSettling } from "./settled.tsx";

export type Asked<Answer> = { readonly answer: Answer | null; readonly error: MapError | null };

const NOTHING = { answer: null, error: null };

/** Ask for a path whenever it, its parameters or `again` change; nothing for null. What was answered for another path is forgotten. */
export function useAsked<Answer>(path: string | null, parameters: Parameters, again = 0): Asked<Answer> {
  const client = useLivingMapClient();
  const { asked: begin } = useSettling();
  const key = JSON.stringify([path, parameters]);
  const [asked, setAsked] = useState<Asked<Answer> & { key: string }>({ ...NOTHING, key });
  // biome-ignore lint/correctness/useExhaustiveDependencies: `again` asks once more, and what is shown meanwhile is no reason to
  useEffect(() => {
    const [askedPath, askedParameters] = JSON.parse(key) as [string | null, Parameters];
    if (askedPath === null) return;
    const abort = new AbortController();
    const end = begin();
    persistently(
      () => client.ask<Answer>(askedPath, askedParameters, abort.signal),
      abort.signal,
      (error) => {
        setAsked(({ answer, key: last }) => ({ key, answer: last === key ? answer : null, error }));
        end();
      },
    ).then((answer) => {
      setAsked({ key, answer, error: null });
      end();
    }, ignored);
    return () => {
      end();
      abort.abort();
    };
  }, [client, key, again]);
  return asked.key === key ? asked : NOTHING;
}

/** The last answer that there was: a chart does not blink while the next one is on its way. */
export function useLast<Answer>(answer: Answer | null): Answer | null {
  const last = useRef(answer);
  if (answer !== null) last.current = answer;
  return last.current;
}
