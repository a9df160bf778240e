/** What is wrong, in words. */

import type { Problem } from "../domain/problems.ts";
import type { Registry } from "../domain/registry.ts";
import type { Trouble } from "../domain/troubles.ts";
import { alertWord, loadWord, statusWord } from "../domain/words.ts";
import type { Language } from "../i18n/i18n.tsx";

/** Return what it is about. */
export function troubleName({ entity, shown, reports }: Trouble, language: Language): string {
  return entity?.label ?? shown[0]?.source?.service ?? reports[0]?.title ?? language.words.title;
}

/** Return what is wrong with it, each thing once. */
export function troubleText({ shown, reports }: Trouble, registry: Registry, language: Language): string {
  const texts =
    shown.length > 0 ? shown.map((one) => textOf(one, registry, language)) : reports.map(({ what }) => what);
  return [...new Set(texts)].join(" · ");
}

function textOf({ what, source, entity }: Problem, registry: Registry, language: Language): string {
  const kind = registry.kindOf(entity?.type ?? "");
  const { problems } = language.words;
  if (what.kind === "load") {
    const [load, n] = [loadWord("load", kind, language), language.percent(Number(what.text))];
    return language.fill(problems.load, { what: load, n });
  }
  if (what.kind === "collision") return language.fill(problems.collision, { id: what.text });
  if (what.kind === "status") return statusWord(what.text, language, kind);
  if (what.kind === "alert") return alertWord(what.text, language, kind);
  const status = source?.status;
  return status === "down" || status === "stale" || status === "failed" ? problems[status] : what.text;
}
