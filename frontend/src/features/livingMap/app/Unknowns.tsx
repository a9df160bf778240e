import { useMemo } from "react";
import { doubtText } from "../domain/doubts.ts";
import { type Unknown, unknownsOf } from "../domain/unknowns.ts";
import { counted, statusWord } from "../domain/words.ts";
import { useCalmState } from "../hooks/useCalmState.ts";
import { type Language, useLanguage } from "../i18n/i18n.tsx";
import { useRegistry } from "./registry.tsx";
import { useTrust } from "./trust.tsx";

/** What is not known of what is shown. */
export function useUnknowns(): readonly Unknown[] {
  const { scene, meta } = useCalmState().data;
  const registry = useRegistry();
  const { doubts } = useTrust();
  return useMemo(() => unknownsOf(scene, meta, doubts, registry), [scene, meta, doubts, registry]);
}

/** The list of what nobody knows. */
export function Unknowns({ unknowns }: { readonly unknowns: readonly Unknown[] }) {
  const language = useLanguage();
  if (unknowns.length === 0) return null;
  return (
    <section className="unknowns">
      <h3>{language.words.problems.notKnown}</h3>
      <ul>
        {unknowns.map((unknown) => (
          <li key={textOf(unknown, language)}>{textOf(unknown, language)}</li>
        ))}
      </ul>
    </section>
  );
}

function textOf(unknown: Unknown, language: Language): string {
  const { words, fill, list } = language;
  const { unknowns } = words.problems;
  if (unknown.kind === "doubt") return `${doubtText(unknown.doubt, language)}.`;
  if (unknown.kind === "never") {
    return fill(unknowns.never, { names: list(unknown.sources.map(({ service }) => service)) });
  }
  if (unknown.kind === "sources" || unknown.kind === "unanswered") return unknowns[unknown.kind];
  const what = counted(unknown.count, unknown.of, language);
  if (unknown.kind === "silent") return fill(unknowns.silent, { what });
  return fill(unknowns.status, { what, status: statusWord(unknown.status, language, unknown.of) });
}
