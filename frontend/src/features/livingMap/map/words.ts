/** The map in a few words: what a thing on it is and how it is, and what of it is not real or not current. */

import type { SourceBrief } from "../client/scene.ts";
import { alertOf } from "../domain/alerts.ts";
import { labelOf } from "../domain/entities.ts";
import { type Figure, layerOfDistrict, type Shape } from "../domain/figure.ts";
import { type Doubts, isOld } from "../domain/freshness.ts";
import type { Ghost } from "../domain/ghosts.ts";
import { numberAt } from "../domain/json.ts";
import { loadsOf } from "../domain/loads.ts";
import type { Registry } from "../domain/registry.ts";
import { conditionOf } from "../domain/status.ts";
import { fieldWord, figureWords, loadWord, nameList, statusWord } from "../domain/words.ts";
import type { Language } from "../i18n/i18n.tsx";

const MOST_LOADS = 3;
/** For so many there is room in a line of a narrow window. */
const MOST_NAMES = 2;

/** Describe a thing line by line, its name first; for the pointer and for screen readers. */
export function describe(
  shape: Shape,
  registry: Registry,
  language: Language,
  source: SourceBrief | undefined,
  ghost?: Ghost,
): string[] {
  const { item } = shape;
  const { words, fill, percent, number } = language;
  const layer = layerOfDistrict(item.id);
  if (layer !== undefined) return [labelOf(item), registry.layerOf(layer)?.hint ?? ""].filter(Boolean);
  const kind = registry.kindOfId(item.id);
  const status = conditionOf(item, kind);
  const isKnown = status !== "unknown";
  const lines = [labelOf(item), isKnown ? `${kind.label} · ${statusWord(status, language, kind)}` : kind.label];
  const loads = loadsOf(item, kind).slice(0, MOST_LOADS);
  if (loads.length > 0) {
    lines.push(loads.map(({ name, load }) => `${loadWord(name, kind, language)} ${percent(load)}`).join(" · "));
  }
  const size = kind.size ? numberAt(item, kind.size) : undefined;
  if (kind.size && size !== undefined) {
    lines.push(`${fieldWord(kind.size, kind, language)}: ${number(size)}`);
  }
  if (alertOf(item)) {
    lines.push(words.map.alert);
  }
  if (ghost) {
    const now = ghost.kind === "changed" ? statusWord(ghost.now, language, kind) : "";
    lines.push(fill(words.time.ghosts[ghost.kind], { status: now }));
  }
  if (source?.status === "mock") {
    lines.push(words.map.simulated);
  }
  if (source && isOld(source)) {
    lines.push(staleText(source.age_seconds, words.map.stale, words.map.neverRead, language));
  }
  return lines;
}

/** Return what of the map is simulated or out of date, in a few words; nothing if all is well. */
export function caveats(doubts: Doubts, registry: Registry, language: Language): string[] {
  const { map } = language.words;
  const lines: string[] = [];
  if (doubts.isAllSimulated) {
    lines.push(`◐ ${map.simulatedAll}`);
  } else if (doubts.simulated.length > 0) {
    lines.push(`◐ ${language.fill(map.simulatedSome, { what: names(doubts.simulated, registry, language) })}`);
  }
  if (doubts.old.length > 0) {
    const what = names(doubts.old, registry, language);
    lines.push(`▲ ${staleText(doubts.ageSeconds, map.staleSome, map.neverReadSome, language, what)}`);
  }
  return lines;
}

/** What was read less than so long ago was read "just now", which what is out of date was not. */
const LEAST_SECONDS = 2;

/** Return that something is out of date, and since when if it was ever read. */
function staleText(age: number | null, read: string, never: string, language: Language, what = ""): string {
  const ago = language.agoSeconds(Math.max(LEAST_SECONDS, age ?? 0));
  return language.fill(age === null ? never : read, { ago, what });
}

function names(figures: readonly Figure[], registry: Registry, language: Language): string {
  const plurals = new Set(figures.flatMap((figure) => figureWords(figure, registry)?.plural ?? []));
  return nameList([...plurals], MOST_NAMES, language);
}
