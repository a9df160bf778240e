/** What may not be the present, in words. */

import type { SourceBrief } from "../client/scene.ts";
import type { Language } from "../i18n/i18n.tsx";
import type { Doubt, SourcesDoubt } from "./trust.ts";
import { nameList } from "./words.ts";

/** Return what is wrong, and since when. */
export function doubtText(doubt: Doubt, language: Language): string {
  const { words, fill } = language;
  if (doubt.kind === "sources") return sourcesText(doubt, language);
  return fill(words.trust.since[doubt.kind], { moment: momentOf(doubt.since, language) });
}

function momentOf(since: number | null, { words, moment }: Language): string {
  return since === null ? words.trust.unknown : moment(since);
}

const MOST_NAMES = 3;

function sourcesText({ sources, since }: SourcesDoubt, language: Language): string {
  const { words, fill, plural } = language;
  const [first] = sources;
  if (first && sources.length === 1) return sourceText(first, since, language);
  const services = sources.map(({ service }) => service);
  const names = nameList(services, MOST_NAMES, language);
  return fill(plural(sources.length, words.trust.several), { names });
}

/** Return how a source that does not answer as it should stands, and since when. */
function sourceText(source: SourceBrief, since: number | null, language: Language): string {
  const { service, status, observed_at } = source;
  const { words, fill } = language;
  if (status === "failed") return fill(words.trust.failed, { service });
  if (observed_at === null) return fill(words.trust.never, { service });
  const text = status === "down" ? words.trust.down : words.trust.stale;
  return fill(text, { service, moment: momentOf(since, language) });
}
