/** What is wrong now: as the map shows it, with what it says of it, and what of that is new. */

import { useEffect, useMemo, useRef, useState } from "react";
import type { Scene } from "../client/scene.ts";
import type { MapState } from "../client/state.ts";
import { problemsOf } from "../domain/problems.ts";
import { type Report, type Trouble, troublesOf } from "../domain/troubles.ts";
import { useLivingMapProblems } from "../hooks/useLivingMapProblems.ts";
import { useLanguage } from "../i18n/i18n.tsx";
import { useRegistry } from "./registry.tsx";

const NO_REPORTS: readonly Report[] = [];

export type Troubles = {
  readonly troubles: readonly Trouble[];
  /** What they are found in. */
  readonly scene: Scene;
  /** Whether that is all: of the present, once the map has said what is wrong. */
  readonly isSettled: boolean;
};

export function useTroubles({ data: { scene, meta }, time, connection }: MapState): Troubles {
  const registry = useRegistry();
  const problems = useMemo(
    () => problemsOf(scene, meta?.sources ?? [], registry, meta?.collisions),
    [scene, meta, registry],
  );
  const isLive = time.mode === "live";
  const { reports, isSettled } = useReports(isLive && connection.status === "live", meta !== null);
  const troubles = useMemo(() => troublesOf(problems, isLive ? reports : NO_REPORTS), [problems, reports, isLive]);
  return { troubles, scene, isSettled: !isLive || isSettled };
}

type Reports = { readonly reports: readonly Report[]; readonly isSettled: boolean };

/** What the map says is wrong. What it said last stays until it says it anew, but not for another reader. */
function useReports(isFollowed: boolean, hasData: boolean): Reports {
  const { locale } = useLanguage();
  const { problems, isLoading } = useLivingMapProblems({ lang: locale, enabled: isFollowed });
  const [reports, keep] = useState<readonly Report[]>(NO_REPORTS);
  const latest = hasData ? (isLoading ? reports : problems) : NO_REPORTS;
  if (latest !== reports) keep(latest);
  return { reports: latest, isSettled: !isLoading };
}

/** Those that began while nobody saw the page, until somebody looks: the newest last. `onNew` is called with all that begin. */
export function useNewTroubles(
  troubles: readonly Trouble[],
  isReady: boolean,
  onNew: (fresh: readonly Trouble[]) => void,
): readonly Trouble[] {
  const seen = useRef<ReadonlySet<string> | null>(null);
  const [fresh, setFresh] = useState<readonly Trouble[]>([]);
  const latest = useRef(onNew);
  latest.current = onNew;
  useEffect(() => {
    if (!isReady) return;
    const keys = new Set(troubles.map(({ key }) => key));
    const begun = seen.current === null ? [] : troubles.filter(({ key }) => !seen.current?.has(key));
    seen.current = keys;
    setFresh((before) => {
      const lasting = before.filter(({ key }) => keys.has(key));
      const missed = document.visibilityState === "hidden" ? begun : [];
      return missed.length > 0 || lasting.length < before.length ? [...lasting, ...missed] : before;
    });
    if (begun.length > 0) latest.current(begun);
  }, [troubles, isReady]);
  useEffect(() => {
    const look = () => document.visibilityState === "visible" && setFresh([]);
    document.addEventListener("visibilitychange", look);
    return () => document.removeEventListener("visibilitychange", look);
  }, []);
  return fresh;
}
