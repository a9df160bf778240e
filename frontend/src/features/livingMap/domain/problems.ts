/** What is wrong on the map, the gravest first. */

import type { SnapshotMeta } from "../client/messages.ts";
import type { Scene, SourceBrief } from "../client/scene.ts";
import { alertsOf } from "./alerts.ts";
import { catalogue, type Entity } from "./catalogue.ts";
import { isOld, toneOfSource } from "./freshness.ts";
import { isOverloaded, loadOf, toneOfLoad } from "./loads.ts";
import type { Registry } from "./registry.ts";
import { canonical, toneOf } from "./status.ts";
import { byGravity, isTrouble, type Tone } from "./tones.ts";

export type Problem = {
  readonly key: string;
  readonly tone: Tone;
  /** Null for a source. */
  readonly entity: Entity | null;
  readonly source: SourceBrief | null;
  readonly what: { readonly kind: "source" | "status" | "alert" | "load" | "collision"; readonly text: string };
};

/** Whether any source has answered, so that silence means that all is well. */
export function hasAnswer(sources: readonly SourceBrief[]): boolean {
  return sources.some(({ status }) => status === "fresh" || status === "mock");
}

type Collision = SnapshotMeta["collisions"][number];

/** Return the problems of a scene: whatever the map would show in a tone of trouble. */
export function problemsOf(
  scene: Scene,
  sources: readonly SourceBrief[],
  registry: Registry,
  collisions: readonly Collision[] = [], // an older map reports none
): readonly Problem[] {
  const entities = catalogue(scene, registry);
  const problems = [
    ...sources.filter(isOld).map(ofSource),
    ...ofEntities(entities, registry),
    ...collisions.flatMap((collision) => ofCollision(collision, entities)),
  ];
  return problems.sort((one, other) => byGravity(one.tone, other.tone));
}

function ofSource(source: SourceBrief): Problem {
  const { name, error } = source;
  const what = { kind: "source", text: error ?? "" } as const;
  return { key: `source ${name}`, tone: toneOfSource(source), entity: null, source, what };
}

/** Several things claim one id: a problem of each of them. */
function ofCollision({ id, claims }: Collision, entities: readonly Entity[]): Problem[] {
  return entities
    .filter((entity) => claims.some((claim) => claim.id === entity.id))
    .map((entity) => ({
      key: `${entity.id} collision ${id}`,
      tone: "warn",
      entity,
      source: null,
      what: { kind: "collision", text: id },
    }));
}

/** By what they are of: an entity that did not change has the problems that it had. */
const kept = new WeakMap<Registry, WeakMap<Entity, readonly Problem[]>>();

function ofEntities(entities: readonly Entity[], registry: Registry): Problem[] {
  const own = kept.get(registry) ?? new WeakMap<Entity, readonly Problem[]>();
  kept.set(registry, own);
  const all: Problem[] = [];
  for (const entity of entities) {
    let problems = own.get(entity);
    if (!problems) {
      problems = ofEntity(entity, registry);
      own.set(entity, problems);
    }
    all.push(...problems);
  }
  return all;
}

function ofEntity(entity: Entity, registry: Registry): Problem[] {
  const { id, type, status, item } = entity;
  const problem = (kind: "status" | "alert" | "load", tone: Tone, text: string, key: string = kind): Problem[] =>
    isTrouble(tone)
      ? [
          {
            key: `${id} ${key}`,
            tone,
            entity,
            source: null,
            what: { kind, text },
          },
        ]
      : [];
  // the last load of a machine that is silent says nothing about now
  const load = canonical(status) === "offline" ? undefined : loadOf(item);
  return [
    ...problem("status", toneOf(status, registry.kindOf(type)), status),
    ...alertsOf(item).flatMap(({ tone, text }, at) => problem("alert", tone, text, `alert ${at}`)),
    ...(load !== undefined && isOverloaded(load) ? problem("load", toneOfLoad(load), String(load)) : []),
  ];
}
