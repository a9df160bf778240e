/** What is wrong on the map, the gravest first. */

import type { Json, Scene, SourceBrief } from "../client/scene.ts";
import { catalogue, type Entity, field, loadOf } from "./catalogue.ts";
import type { Tone } from "./tones.ts";

export type Problem = {
  readonly key: string;
  readonly group: "sources" | "nodes" | "agents" | "others";
  readonly tone: Tone;
  /** Null for a source. */
  readonly entity: Entity | null;
  readonly source: SourceBrief | null;
  readonly what: { readonly kind: "source" | "status" | "alert" | "load"; readonly text: string };
};

const HIGH_LOAD = 0.9;
const GRAVITY: readonly Tone[] = ["bad", "warn", "off", "busy", "idle", "good"];

/** Return the problems of a scene. Agents that are offline are at rest; only what is degraded or worse counts. */
export function problemsOf(scene: Scene, sources: readonly SourceBrief[]): readonly Problem[] {
  const found = [...sources.flatMap(ofSource), ...catalogue(scene).flatMap(ofEntity)];
  return found.sort((one, other) => GRAVITY.indexOf(one.tone) - GRAVITY.indexOf(other.tone));
}

function ofSource(source: SourceBrief): Problem[] {
  const { name, status, error } = source;
  if (status !== "stale" && status !== "down" && status !== "failed") return [];
  const tone = status === "stale" ? "warn" : "bad";
  const what = { kind: "source", text: error ?? "" } as const;
  return [{ key: `source ${name}`, group: "sources", tone, entity: null, source, what }];
}

function ofEntity(entity: Entity): Problem[] {
  const { id, type, status, item } = entity;
  const group = type === "node" ? "nodes" : type === "agent" ? "agents" : "others";
  const about = { group, entity, source: null } as const;
  const found: Problem[] = [];
  const health = typeof item.health === "string" ? item.health : status;
  const tone = toneOfTrouble(type, health);
  if (tone) found.push({ ...about, key: `${id} status`, tone, what: { kind: "status", text: health } });
  for (const [at, alert] of alertsOf(item.alerts).entries()) {
    found.push({
      ...about,
      key: `${id} alert ${at}`,
      tone: alert.tone,
      what: { kind: "alert", text: alert.text },
    });
  }
  const load = loadOf(item);
  if (load !== undefined && load >= HIGH_LOAD && status !== "offline") {
    found.push({ ...about, key: `${id} load`, tone: "warn", what: { kind: "load", text: String(load) } });
  }
  return found;
}

function toneOfTrouble(type: string, status: string): Tone | null {
  if (status === "degraded" || status === "warn") return "warn";
  if (status === "critical" || status === "error" || status === "failed") return "bad";
  return type === "node" && status === "offline" ? "bad" : null;
}

function alertsOf(alerts: Json | undefined): { tone: Tone; text: string }[] {
  if (!Array.isArray(alerts)) return [];
  return alerts.map((alert: Json) => {
    const severity = String(field(alert, "severity") ?? "").toLowerCase();
    const text = field(alert, "message") ?? field(alert, "type") ?? (typeof alert === "string" ? alert : severity);
    return { tone: severity === "critical" || severity === "error" ? "bad" : "warn", text: String(text) };
  });
}
