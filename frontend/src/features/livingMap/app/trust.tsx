/** How far what is shown can be trusted, for all that shows values. */

import { createContext, type ReactNode, useContext, useMemo } from "react";
import type { SourceBrief } from "../client/scene.ts";
import type { MapState } from "../client/state.ts";
import { type Age, ageOf, type Doubt, doubtsOf } from "../domain/trust.ts";
import { useClock } from "./calm.ts";
import { useRegistry } from "./registry.tsx";

type Trust = {
  /** The gravest first. */
  readonly doubts: readonly Doubt[];
  readonly sources: readonly SourceBrief[];
  /** The present in ms, to two seconds. */
  readonly now: number;
};

const Context = createContext<Trust>({ doubts: [], sources: [], now: 0 });
const NO_SOURCES: readonly SourceBrief[] = [];
const PACE_MS = 2000;

/** Lets the components below know what of the map is old. */
export function TrustProvider({ state, children }: { readonly state: MapState; readonly children: ReactNode }) {
  const clock = useClock(PACE_MS);
  const all = doubtsOf(state);
  const key = JSON.stringify(all.map((one) => [one.kind, one.since, one.kind === "sources" && one.sources]));
  // biome-ignore lint/correctness/useExhaustiveDependencies: equal doubts have the same key
  const doubts = useMemo(() => all, [key]);
  const isOld = doubts.length > 0;
  const sources = isOld ? (state.data.meta?.sources ?? NO_SOURCES) : NO_SOURCES;
  const now = isOld ? clock : 0;
  const trust = useMemo(() => ({ doubts, sources, now }), [doubts, sources, now]);
  return <Context value={trust}>{children}</Context>;
}

export function useTrust(): Trust {
  return useContext(Context);
}

/** Return since when the values of a type have not been read again, or one that a certain source reports; null where they are of the present. */
export function useAge(type: string, source?: string): Age | null {
  const { doubts, sources } = useTrust();
  const kind = useRegistry().kindOf(type);
  const names = useMemo(() => (source === undefined ? kind.sources : [source]), [kind, source]);
  return useMemo(() => ageOf(doubts, names, sources), [doubts, names, sources]);
}
