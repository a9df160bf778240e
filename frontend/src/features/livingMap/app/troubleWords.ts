/** What is wrong, in words. */

import type { Problem } from "../domain/problems.ts";
import type { Registry } from "../domain/registry.ts";
import type { Trouble } from "../domain/troubles.ts";
import { alertWord, loadWord, statusWord } from "../domain/words.ts";
import type { Language } from "../i18n/i18n.tsx";

/** Return what it is about; of the map itself that is what is wrong. */
export function troubleName({ entity, shown, reports }: Trouble, language: Language): string {
  return entity?.label ?? shown[0]?.source?.service ?? reports[0]?.what ?? language.words.title;
}

/** Return what is wrong with it, each thing once; nothing where its name says that. */
export function troubleText({ shown }: Trouble, registry: Registry, language: Language): string {
  return [...new Set(shown.map((one) => textOf(one, registry, language)))].join(" · ");
}

/** Return both as one text. */
export function troubleSentence(trouble: Trouble, registry: Registry, language: Language): string {
  return [troubleName(trouble, language), troubleText(trouble, registry, language)].filter(Boolean).join(": ");
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
