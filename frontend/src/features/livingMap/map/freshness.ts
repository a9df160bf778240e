/** How far what is shown can be trusted to be of now: which source speaks for a kind, and how its age fades it. */

import type { LayerName, SourceBrief } from "../client/scene.ts";
import { KINDS, type Kind } from "./kinds.ts";
import { isOld } from "./words.ts";

/** Who knows a kind best, the best first. */
const VOICES: Readonly<Record<Kind, readonly string[]>> = {
  microdao: ["microdao", "city"],
  room: ["city"],
  node: ["space", "city"],
  channel: ["messaging"],
  agent: ["agents", "city"],
  dao: ["dao", "space"],
  orbit: ["space"],
  proposal: ["dao"],
};

const LAYERS: Readonly<Record<LayerName, readonly Kind[]>> = {
  city: ["microdao", "room"],
  space: ["dao", "orbit"],
  nodes: ["node"],
  agents: ["agent"],
  dao: ["dao", "proposal"],
  messaging: ["channel"],
};

/** Return the kinds that some layers show. */
export function kindsOf(layers: ReadonlySet<LayerName>): ReadonlySet<Kind> {
  return new Set([...layers].flatMap((layer) => LAYERS[layer]));
}

/** Return the source that speaks for a kind, if one does. */
export function sourceOf(kind: Kind, sources: readonly SourceBrief[]): SourceBrief | undefined {
  const voices = VOICES[kind].map((name) => sources.find((one) => one.name === name && one.status !== "disabled"));
  return voices.find((one) => one !== undefined);
}

const FADED = 0.7;
const LEAST = 0.35;
const FORGOTTEN_SECONDS = 3600;

/** Return how strongly each kind is drawn: fresh in full, old ones the paler the older they are. */
export function strengths(sources: readonly SourceBrief[]): Readonly<Record<Kind, number>> {
  const strength = (kind: Kind) => {
    const source = sourceOf(kind, sources);
    if (!source || !isOld(source)) {
      return 1;
    }
    const age = Math.min(1, (source.age_seconds ?? FORGOTTEN_SECONDS) / FORGOTTEN_SECONDS);
    return FADED - (FADED - LEAST) * age;
  };
  return Object.fromEntries(KINDS.map((kind) => [kind, strength(kind)])) as Record<Kind, number>;
}

/** Return which of some kinds are simulated, and which are out of date and since how many seconds at most. */
export function doubts(sources: readonly SourceBrief[], kinds: ReadonlySet<Kind>): Doubts {
  const known = KINDS.filter((kind) => kinds.has(kind)).flatMap((kind) => {
    const source = sourceOf(kind, sources);
    return source ? [{ kind, source }] : [];
  });
  const old = known.filter(({ source }) => isOld(source));
  return {
    mocked: known.filter(({ source }) => source.status === "mock").map(({ kind }) => kind),
    old: old.map(({ kind }) => kind),
    age: Math.max(0, ...old.map(({ source }) => source.age_seconds ?? 0)),
    all: known.length,
  };
}

export type Doubts = {
  readonly mocked: readonly Kind[];
  readonly old: readonly Kind[];
  readonly age: number;
  /** How many kinds have a source at all. */
  readonly all: number;
};
