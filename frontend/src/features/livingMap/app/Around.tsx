import { useMemo } from "react";
import type { Item, Scene } from "../client/scene.ts";
import { reach } from "../client/time.ts";
import type { HistoryPage, Turn } from "../domain/history.ts";
import { type Occurrence, occurrencesOf } from "../domain/occurrences.ts";
import { relationsOf } from "../domain/relations.ts";
import { useLanguage } from "../i18n/i18n.tsx";
import { useAsked } from "./asked.ts";
import { Mark } from "./icons.tsx";
import { goTo, textOf } from "./moment.ts";
import { useRegistry } from "./registry.tsx";
import { useSentences } from "./sentences.tsx";
import { go } from "./url.ts";

/** What happened so long before and after is around a moment. */
const AROUND_MS = 2 * 60_000;
const MOST_READ = 200;
const MOST = 8;

type AroundProps = { readonly item: Item; readonly scene: Scene; readonly turn: Turn };

/** What happened to what a thing is related to, around the time at which its status became another one. */
export function Around({ item, scene, turn }: AroundProps) {
  const { words, when } = useLanguage();
  const occurrences = useOccurrences(item, scene, turn);
  if (occurrences.length === 0) return null;
  return (
    <section>
      <h3>{words.details.around}</h3>
      <ol className="history">
        {occurrences.map(({ key, at, text, tone, subject }) => (
          <li key={key}>
            <button type="button" title={words.time.go} onClick={() => goTo(reach(at), true)}>
              <time dateTime={at}>{when(Date.parse(at))}</time>
            </button>
            <button type="button" className="around" onClick={() => go({ select: subject })}>
              {tone && <Mark tone={tone} />}
              {text}
            </button>
          </li>
        ))}
      </ol>
    </section>
  );
}

function useOccurrences(item: Item, scene: Scene, { at }: Turn): readonly Occurrence[] {
  const registry = useRegistry();
  const language = useLanguage();
  const table = useSentences();
  const question = { since: textOf(at - AROUND_MS), until: textOf(at + AROUND_MS), limit: MOST_READ };
  const { answer } = useAsked<HistoryPage>("living-map/history", question);
  return useMemo(() => {
    const near = new Set(relationsOf(scene, item, registry, language).flatMap(({ ids }) => ids));
    const reading = { scene, registry, language, table };
    const all = (answer?.items ?? []).flatMap((entry) => occurrencesOf(entry, reading));
    const own = all.filter(({ subject, weight }) => subject !== null && near.has(subject) && weight !== "minor");
    return own.slice(0, MOST);
  }, [answer, item, scene, registry, language, table]);
}
