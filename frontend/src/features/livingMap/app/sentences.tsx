/** The texts of events, as the map's plugins declare them: asked for once per connection. */

import { createContext, type ReactNode, useContext } from "react";
import type { components } from "../client/openapi.ts";
import type { SentenceTable } from "../domain/sentences.ts";
import { useAsked } from "./asked.ts";

const NO_TABLE: SentenceTable = [];
const Context = createContext<SentenceTable>(NO_TABLE);

type Props = { readonly isLive: boolean; readonly children: ReactNode };

/** Lets the components below say what events mean; until the texts are there, events are named by their types. */
export function SentencesProvider({ isLive, children }: Props) {
  const { answer } = useAsked<components["schemas"]["SentenceTable"]>("living-map/sentences", {}, Number(isLive));
  return <Context value={answer?.sentences ?? NO_TABLE}>{children}</Context>;
}

export function useSentences(): SentenceTable {
  return useContext(Context);
}
