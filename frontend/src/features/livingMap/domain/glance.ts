/** What things are at a glance: the first of their fields in words, and what of them ends next. */

import type { Json, Scene } from "../client/scene.ts";
import type { Language } from "../i18n/i18n.tsx";
import type { Entity } from "./catalogue.ts";
import { valueAt } from "./json.ts";
import type { Kind } from "./kind.ts";
import type { Registry } from "./registry.ts";
import { columnsOf } from "./values.ts";
import { wordsText } from "./valueWords.ts";

/** So many fields of a thing are told where there is no column for each. */
const MOST_GLANCED = 3;

export function glanceText({ item, type }: Entity, scene: Scene, registry: Registry, language: Language): string {
  const kind = registry.kindOf(type);
  const names = { scene, registry, language };
  return columnsOf([item], kind)
    .map((one) => [one.label, wordsText(valueAt(item, one.name), one, kind, names)] as const)
    .filter(([, text]) => text)
    .slice(0, MOST_GLANCED)
    .map(([label, text]) => `${label} ${text}`)
    .join(" · ");
}

/** Return things of a kind with those first of which a time is still ahead, the next one at the top; the others stay in their order. */
export function soonestFirst(entities: readonly Entity[], kind: Kind, now: number): readonly Entity[] {
  const times = kind.fields.filter((field) => field.table && field.kind === "time");
  if (times.length === 0) return entities;
  const next = ({ item }: Entity) =>
    Math.min(...times.map(({ name }) => momentIn(valueAt(item, name))).filter((moment) => moment > now));
  const nexts = new Map(entities.map((one) => [one, next(one)]));
  return entities.toSorted((one, other) => {
    const [a, b] = [nexts.get(one) ?? 0, nexts.get(other) ?? 0];
    return a === b ? 0 : a - b; // those without are at infinity
  });
}

/** Return a time in ms since 1970; not a number for what is none. */
function momentIn(value: Json | undefined): number {
  return typeof value === "number" ? value * 1000 : Date.parse(String(value));
}
