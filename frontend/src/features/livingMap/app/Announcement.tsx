import { useState } from "react";
import { openOf, type Trouble } from "../domain/troubles.ts";
import { nameList } from "../domain/words.ts";
import { useLanguage } from "../i18n/i18n.tsx";
import { notify, ring } from "./alarm.ts";
import { usePreferences } from "./preferences.ts";
import { useRegistry } from "./registry.tsx";
import { useNewTroubles } from "./troubles.ts";
import { troubleSentence } from "./troubleWords.ts";

const MOST_NAMES = 3;

type AnnouncementProps = {
  readonly troubles: readonly Trouble[];
  /** Whether they are those of the present. */
  readonly isReady: boolean;
};

/** Says to those who do not look that something is wrong now that was not before. Returns what, until somebody looks. */
export function useAnnouncement({ troubles, isReady }: AnnouncementProps): {
  readonly fresh: readonly Trouble[];
  readonly text: string;
} {
  const language = useLanguage();
  const registry = useRegistry();
  const { sound, notifications } = usePreferences();
  const [text, setText] = useState("");
  const fresh = useNewTroubles(openOf(troubles), isReady, (begun) => {
    const { words, plural } = language;
    const texts = begun.map((one) => troubleSentence(one, registry, language));
    const all = nameList(texts, MOST_NAMES, language);
    setText(`${plural(begun.length, words.problems.new)}: ${all}`);
    if (sound) ring();
    if (notifications && document.hidden) notify(plural(begun.length, words.problems.new), all);
  });
  return { fresh, text };
}

/** What has begun, for those who cannot see it. */
export function Announcement({ text }: { readonly text: string }) {
  return (
    <output className="hidden" aria-live="polite">
      {text}
    </output>
  );
}
