/** How the status of a thing went, up to the moment that is shown. */

import { useEffect, useMemo, useState } from "react";
import type { Item } from "../client/scene.ts";
import { type HistoryPage, type Turn, turnsOf } from "../domain/history.ts";
import type { Kind } from "../domain/kind.ts";
import { conditionOf, toneOf } from "../domain/status.ts";
import { useAsked } from "./asked.ts";
import type { EventMark } from "./Chart.tsx";
import { useHistoryEnd } from "./moment.ts";

/** Until so long after it happened, an event may not be in the history yet. */
const WRITTEN_MS = 1500;
const MOST_TURNS = 50;

/** The turns of a thing's status, the newest first; asked anew whenever it has another one. */
export function useTurns(
  item: Item,
  kind: Kind,
): { readonly turns: readonly Turn[]; readonly isAwaited: boolean } {
  const { id } = item;
  const question = { entity_id: id, field: kind.status, limit: MOST_TURNS, until: useHistoryEnd() };
  const again = useLater(conditionOf(item, kind));
  const { answer, error } = useAsked<HistoryPage>("living-map/history", question, again);
  const turns = useMemo(
    () => turnsOf(answer?.items ?? [], id, kind.status, answer?.oldest_available),
    [answer, id, kind.status],
  );
  return { turns, isAwaited: answer === null && error === null };
}

/** A number that is another one a while after `value` has become another one. */
function useLater(value: string): number {
  const [count, setCount] = useState(0);
  const [before, setBefore] = useState(value);
  useEffect(() => {
    if (value === before) return;
    const timer = setTimeout(() => {
      setBefore(value);
      setCount((one) => one + 1);
    }, WRITTEN_MS);
    return () => clearTimeout(timer);
  }, [value, before]);
  return count;
}

/** Return turns as marks of a chart. */
export function marksOf(turns: readonly Turn[], kind: Kind): readonly EventMark[] {
  return turns.flatMap(({ at, to }) => (typeof to === "string" ? [{ at, tone: toneOf(to, kind) }] : []));
}
