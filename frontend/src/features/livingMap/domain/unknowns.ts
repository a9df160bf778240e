/** What nobody knows of the map: as long as there is any of it, no problem does not mean that all is well. */

import type { SnapshotMeta } from "../client/messages.ts";
import type { Scene, SourceBrief } from "../client/scene.ts";
import { catalogue } from "./catalogue.ts";
import type { Kind } from "./kind.ts";
import { hasAnswer } from "./problems.ts";
import type { Registry } from "./registry.ts";
import { isJudged, UNKNOWN } from "./status.ts";
import type { Doubt } from "./trust.ts";

/**
 * `sources`: whether any service answers is not shown. `unanswered`: none has. `never`: some have not yet. `doubt`: what
 * is shown is old. `status`: things are in a status of which nobody has said whether it is trouble. `silent`: things
 * report no status, while others of their kind do.
 */
export type Unknown =
  | { readonly kind: "sources" }
  | { readonly kind: "unanswered" }
  | { readonly kind: "never"; readonly sources: readonly SourceBrief[] }
  | { readonly kind: "doubt"; readonly doubt: Doubt }
  | { readonly kind: "status"; readonly of: Kind; readonly status: string; readonly count: number }
  | { readonly kind: "silent"; readonly of: Kind; readonly count: number };

export function unknownsOf(
  scene: Scene,
  meta: SnapshotMeta | null,
  doubts: readonly Doubt[],
  registry: Registry,
): readonly Unknown[] {
  const sources = (meta?.sources ?? []).filter(({ status }) => status !== "disabled");
  const never = sources.filter(({ status, observed_at }) => observed_at === null && status !== "mock");
  const unread: Unknown[] =
    sources.length === 0
      ? [{ kind: "sources" }]
      : !hasAnswer(sources)
        ? [{ kind: "unanswered" }]
        : never.length > 0
          ? [{ kind: "never", sources: never }]
          : [];
  const old = doubts.filter(({ kind }) => kind !== "sources").map((doubt): Unknown => ({ kind: "doubt", doubt }));
  return [...old, ...unread, ...unjudged(scene, registry)];
}

/** Return what nobody has judged, by kind and status. */
function unjudged(scene: Scene, registry: Registry): readonly Unknown[] {
  const counts = new Map<string, Map<string, number>>();
  for (const { type, status } of catalogue(scene, registry)) {
    const own = counts.get(type) ?? new Map<string, number>();
    counts.set(type, own.set(status, (own.get(status) ?? 0) + 1));
  }
  return [...counts].flatMap(([type, own]) => {
    const of = registry.kindOf(type);
    return [...own].flatMap(([status, count]): Unknown[] => {
      if (status === UNKNOWN) return own.size > 1 ? [{ kind: "silent", of, count }] : [];
      return isJudged(status, of) ? [] : [{ kind: "status", of, status, count }];
    });
  });
}
