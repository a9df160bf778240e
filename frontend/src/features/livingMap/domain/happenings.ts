/** What happened, each as one line however many events it was: those of one thing that belong together. */

import type { Language } from "../i18n/i18n.tsx";
import { SOURCES } from "./events.ts";
import type { Occurrence } from "./occurrences.ts";
import type { Registry } from "./registry.ts";
import { counted } from "./words.ts";

export type Happening = {
  /** The key of its oldest line: what comes later leaves it where it is. */
  readonly key: string;
  readonly text: string;
  /** Its lines, the newest first. */
  readonly lines: readonly Occurrence[];
  /** The line that it is marked by: the newest of the gravest about its subject. */
  readonly head: Occurrence;
};

/** What happens so soon after something else belongs to it. */
const TOGETHER_MS = 60_000;
const MOST_PARTS = 3;

/** Return lines, the newest first, as what happened. Only neighbours become one: nothing leaves its place. */
export function happeningsOf(
  lines: readonly Occurrence[],
  registry: Registry,
  language: Language,
): readonly Happening[] {
  const causes = causesIn(lines);
  const runs: { root: string | null; lines: Occurrence[] }[] = [];
  for (const line of lines) {
    const root = rootOf(line, causes, registry);
    const run = runs.at(-1);
    const last = run?.lines.at(-1);
    if (run && last && root !== null && run.root === root && isSoon(last, line)) run.lines.push(line);
    else runs.push({ root, lines: [line] });
  }
  return runs.map((run) => happeningOf(run.lines, run.root, registry, language));
}

function isSoon(one: Occurrence, other: Occurrence): boolean {
  return Math.abs(Date.parse(one.at) - Date.parse(other.at)) <= TOGETHER_MS;
}

type Causes = ReadonlyMap<string, readonly Occurrence[]>;

/** Return by subject the troubles that began. */
function causesIn(lines: readonly Occurrence[]): Causes {
  const causes = new Map<string, Occurrence[]>();
  for (const line of lines) {
    if (line.weight !== "trouble" || line.subject === null) continue;
    const own = causes.get(line.subject);
    if (own) own.push(line);
    else causes.set(line.subject, [line]);
  }
  return causes;
}

/** Return what a line is about: its subject, or what that refers to and stands before it in lists, if that came into trouble. */
function rootOf(line: Occurrence, causes: Causes, registry: Registry): string | null {
  const { subject, topic, weight, refers } = line;
  if (subject === null || topic === SOURCES) return null;
  if (weight === "minor") return subject;
  const { rank } = registry.kindOfId(subject);
  const cause = refers.find(
    (id) => registry.kindOfId(id).rank < rank && causes.get(id)?.some((one) => isSoon(one, line)),
  );
  return cause ?? subject;
}

function happeningOf(
  lines: readonly Occurrence[],
  root: string | null,
  registry: Registry,
  language: Language,
): Happening {
  const own = lines.filter(({ subject }) => subject === root);
  const head = gravest(own) ?? gravest(lines) ?? (lines[0] as Occurrence);
  const key = lines.at(-1)?.key ?? head.key;
  const text = lines.length === 1 ? head.text : textOf(lines, head, registry, language);
  return { key, text, lines, head };
}

function gravest(lines: readonly Occurrence[]): Occurrence | undefined {
  return lines.find(({ weight }) => weight === "trouble") ?? lines.find(({ weight }) => weight === "notable");
}

/** Return several lines as one: the gravest about the thing itself, and in their order what else mattered. */
function textOf(lines: readonly Occurrence[], head: Occurrence, registry: Registry, language: Language): string {
  const others = lines.filter((one) => one.weight !== "minor" && one !== head).toReversed();
  const own = others
    .filter(({ subject }) => subject === head.subject)
    .map(({ predicate, text }) => predicate || text);
  const alike = new Map<string, Occurrence[]>();
  for (const one of others.filter(({ subject }) => subject !== head.subject)) {
    const what = one.predicate ? `${one.topic} ${one.predicate}` : one.text;
    alike.set(what, [...(alike.get(what) ?? []), one]);
  }
  const around = [...alike.values()].map((same) => sameText(same, registry, language));
  const parts = [...new Set([head.text, ...own, ...around])];
  return parts.length > MOST_PARTS ? `${parts.slice(0, MOST_PARTS).join(", ")}, …` : parts.join(", ");
}

/** Return what is said of several things of a type. */
function sameText(same: readonly Occurrence[], registry: Registry, language: Language): string {
  const [first] = same;
  const count = new Set(same.map(({ subject }) => subject)).size;
  if (!first?.predicate || count === 1) return first?.text ?? "";
  return `${counted(count, registry.kindOf(first.topic), language)}: ${first.predicate}`;
}
