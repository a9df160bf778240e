/** The map in a few words: what a thing on it is and how it is, and what of it is not real or not current. */

import type { SourceBrief } from "../client/scene.ts";
import { alertOf } from "../domain/alerts.ts";
import { labelOf, typeOf } from "../domain/entities.ts";
import type { Figure, Shape } from "../domain/figure.ts";
import { type Doubts, isOld } from "../domain/freshness.ts";
import { loadsOf } from "../domain/loads.ts";
import { kindOf } from "../domain/registry.ts";
import { conditionOf } from "../domain/status.ts";
import { figureWords, statusWord } from "../domain/words.ts";
import type { Language } from "../i18n/i18n.tsx";

/** Describe a thing line by line, its name first; for the pointer and for screen readers. */
export function describe(shape: Shape, language: Language, source: SourceBrief | undefined): string[] {
  const { item, figure } = shape;
  const { words, fill, percent } = language;
  const status = statusWord(conditionOf(item), language, typeOf(item.id));
  const lines = [labelOf(item), `${figureWords(figure, language).name} · ${status}`];
  const loads = loadsOf(item);
  if (loads) {
    const [cpu, gpu, memory] = [percent(loads.cpu), percent(loads.gpu), percent(loads.memory)];
    lines.push(fill(words.map.loads, { cpu, gpu, memory }));
  }
  if (figure.stands.on === "heart" && typeof item.agents === "number") {
    lines.push(
      `${language.number(item.agents)} ${language.plural(item.agents, language.of(kindOf("agent").words).count)}`,
    );
  }
  if (alertOf(item)) {
    lines.push(words.map.alert);
  }
  if (source?.status === "mock") {
    lines.push(words.map.simulated);
  }
  if (source && isOld(source)) {
    lines.push(fill(words.map.stale, { ago: language.agoSeconds(source.age_seconds ?? 0) }));
  }
  return lines;
}

/** Return what of the map is simulated or out of date, in a few words; nothing if all is well. */
export function caveats(doubts: Doubts, language: Language): string[] {
  const { map } = language.words;
  const lines: string[] = [];
  if (doubts.isAllSimulated) {
    lines.push(`◐ ${map.simulatedAll}`);
  } else if (doubts.simulated.length > 0) {
    lines.push(`◐ ${language.fill(map.simulatedSome, { what: names(doubts.simulated, language) })}`);
  }
  if (doubts.old.length > 0) {
    const ago = language.agoSeconds(doubts.ageSeconds);
    lines.push(`▲ ${language.fill(map.staleSome, { ago, what: names(doubts.old, language) })}`);
  }
  return lines;
}

function names(figures: readonly Figure[], language: Language): string {
  return language.list([...new Set(figures.map((figure) => figureWords(figure, language).plural))]);
}
