/** The map in a few words: what a thing on it is and how it is, and what of it is not real or not current. */

import type { SourceBrief } from "../client/scene.ts";
import { alertOf } from "../domain/alerts.ts";
import { labelOf } from "../domain/entities.ts";
import { type Figure, layerOfDistrict, type Shape } from "../domain/figure.ts";
import { type Doubts, isOld } from "../domain/freshness.ts";
import { numberAt } from "../domain/json.ts";
import { loadsOf } from "../domain/loads.ts";
import type { Registry } from "../domain/registry.ts";
import { conditionOf } from "../domain/status.ts";
import { fieldWord, figureWords, loadWord, statusWord } from "../domain/words.ts";
import type { Language } from "../i18n/i18n.tsx";

const MOST_LOADS = 3;

/** Describe a thing line by line, its name first; for the pointer and for screen readers. */
export function describe(
  shape: Shape,
  registry: Registry,
  language: Language,
  source: SourceBrief | undefined,
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
    lines.push(`${fieldWord(kind.size, kind)}: ${number(size)}`);
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
export function caveats(doubts: Doubts, registry: Registry, language: Language): string[] {
  const { map } = language.words;
  const lines: string[] = [];
  if (doubts.isAllSimulated) {
    lines.push(`◐ ${map.simulatedAll}`);
  } else if (doubts.simulated.length > 0) {
    lines.push(`◐ ${language.fill(map.simulatedSome, { what: names(doubts.simulated, registry, language) })}`);
  }
  if (doubts.old.length > 0) {
    const ago = language.agoSeconds(doubts.ageSeconds);
    lines.push(`▲ ${language.fill(map.staleSome, { ago, what: names(doubts.old, registry, language) })}`);
  }
  return lines;
}

function names(figures: readonly Figure[], registry: Registry, language: Language): string {
  return language.list([...new Set(figures.flatMap((figure) => figureWords(figure, registry)?.plural ?? []))]);
}
