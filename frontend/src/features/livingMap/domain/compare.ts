/** Two things side by side: their numbers, what depends on them, and which totals are of what refers to them. */

import type { Item, Scene } from "../client/scene.ts";
import type { Language } from "../i18n/i18n.tsx";
import { countsOf, dependentsOf } from "./dependents.ts";
import { typeOf } from "./entities.ts";
import { fieldText } from "./fields.ts";
import type { HistoryEntry } from "./history.ts";
import { idsIn, numberAt, valueAt } from "./json.ts";
import { type Measure, measuresOf } from "./measures.ts";
import { collection, type Registry } from "./registry.ts";
import { valuesOf } from "./values.ts";
import { capital } from "./words.ts";

export type Side = { readonly value: number; readonly text: string };
/** One measure of two things; null where it is not known of one. */
export type Pair = { readonly label: string; readonly sides: readonly [Side | null, Side | null] };

type Numbers = ReadonlyMap<string, { readonly label: string } & Side>;

/** Return the numbers of two things, those of amounts one by one, by what they are called. */
export function numbersOf(
  items: readonly [Item | undefined, Item | undefined],
  registry: Registry,
  language: Language,
): readonly Pair[] {
  return paired(items.map((item) => ownNumbers(item, registry, language)));
}

function paired(sides: readonly Numbers[]): readonly Pair[] {
  const [one = new Map(), other = new Map()] = sides as readonly Numbers[];
  return [...new Set([...one.keys(), ...other.keys()])].map((key) => ({
    label: (one.get(key) ?? other.get(key))?.label ?? key,
    sides: [one.get(key) ?? null, other.get(key) ?? null],
  }));
}

function ownNumbers(item: Item | undefined, registry: Registry, language: Language): Numbers {
  const numbers = new Map<string, { readonly label: string } & Side>();
  if (!item) return numbers;
  const kind = registry.kindOfId(item.id);
  const values = valuesOf(item, kind);
  for (const [field, value] of values) {
    const text = fieldText(value, field, kind, language);
    numbers.set(field.name, { label: capital(field.label), value, text });
  }
  for (const field of kind.fields.filter((one) => one.kind === "amounts")) {
    const amounts = valueAt(item, field.name);
    if (amounts === null || typeof amounts !== "object" || Array.isArray(amounts)) continue;
    for (const name of Object.keys(amounts)) {
      const value = numberAt(amounts, name);
      if (value === undefined) continue;
      const label = `${capital(field.label)}, ${name}`;
      numbers.set(`${field.name}.${name}`, { label, value, text: language.number(value) });
    }
  }
  return numbers;
}

/** Return how many things of each kind depend on either of two things. */
export function dependentPairs(
  ids: readonly [string, string],
  scene: Scene,
  registry: Registry,
  { number }: Language,
): readonly Pair[] {
  const counts = ids.map((id) => countsOf(dependentsOf([id], scene, registry).flat(), registry));
  const count = (at: number, name: string): Side => {
    const value = counts[at]?.find(({ kind }) => kind.name === name)?.count ?? 0;
    return { value, text: number(value) };
  };
  return registry.kinds
    .filter(({ name }) => counts.some((some) => some.some(({ kind }) => kind.name === name)))
    .map(({ name, plural, label }) => ({
      label: capital(plural || label),
      sides: [count(0, name), count(1, name)],
    }));
}

/** A number that adds up over the things that refer to others by a relation. */
export type SharedMeasure = Measure & { readonly by: string };

/** Return the numbers that add up over things that refer to one of some ids. */
export function sharedMeasures(
  ids: readonly string[],
  scene: Scene,
  registry: Registry,
): readonly SharedMeasure[] {
  return measuresOf(registry).flatMap((measure) => {
    const { kind } = measure;
    const [home] = kind.paths;
    const items = home ? [...collection(scene, home).values()] : [];
    const by = kind.relations.find(({ field }) =>
      items.some((item) => typeOf(item.id) === kind.name && idsIn(item[field]).some((id) => ids.includes(id))),
    );
    return by ? [{ ...measure, by: by.field }] : [];
  });
}

/** Return how many entries concern any of some ids. */
export function eventsOf(entries: readonly HistoryEntry[], ids: ReadonlySet<string>): number {
  return entries.filter(({ changes }) => (changes ?? []).some(({ id }) => id && ids.has(id))).length;
}
