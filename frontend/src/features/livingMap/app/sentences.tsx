/** The texts of events, as the map's plugins declare them: asked for at first, and whenever the map is live again. */

import { createContext, type ReactNode, useContext, useEffect, useState } from "react";
import type { components } from "../client/openapi.ts";
import type { SentenceTable } from "../domain/sentences.ts";
import { useAsked } from "./asked.ts";

const NO_TABLE: SentenceTable = [];
const Context = createContext<SentenceTable>(NO_TABLE);

type Props = { readonly isLive: boolean; readonly children: ReactNode };

/**
 * Lets the components below say what events mean. Until the texts are there, events are named by their types; those
 * that came once stay while the map is away.
 */
export function SentencesProvider({ isLive, children }: Props) {
  const [connections, setConnections] = useState(0);
  const [table, setTable] = useState(NO_TABLE);
  const { answer } = useAsked<components["schemas"]["SentenceTable"]>("living-map/sentences", {}, connections);
  useEffect(() => {
    if (isLive) setConnections((before) => before + 1);
  }, [isLive]);
  useEffect(() => {
    if (answer) setTable(answer.sentences);
  }, [answer]);
  return <Context value={table}>{children}</Context>;
}

export function useSentences(): SentenceTable {
  return useContext(Context);
}
