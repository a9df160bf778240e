// The host's vocabulary, generated from `livingmap/core/vocabulary.py` by `npm run vocabulary`. Do not edit.

export type EntityType = {
  /** The layer that lists its entities, and the collection of that layer. */
  readonly home: string;
  readonly collection: string;
  /** The fields that hold the id, or a list of ids, of other entities. */
  readonly references: readonly string[];
  /** The statuses, in the map's own words, that mean something is wrong. */
  readonly trouble: readonly string[];
};

/** The types of entity by name. */
export const TYPES: Readonly<Record<string, EntityType>> = {
  agent: { home: "agents", collection: "items", references: ["microdao_id", "node_id", "room_id"], trouble: ["degraded"] },
  channel: { home: "messaging", collection: "channels", references: ["microdao_id", "last_sender_id"], trouble: ["degraded"] },
  city: { home: "city", collection: "rooms", references: ["microdao_id"], trouble: ["degraded"] },
  dao: { home: "space", collection: "planets", references: ["microdao_id", "orbits"], trouble: ["degraded"] },
  microdao: { home: "city", collection: "items", references: ["orchestrator_id", "parent_id"], trouble: ["degraded"] },
  node: { home: "nodes", collection: "items", references: ["microdao_id", "microdao_ids"], trouble: ["degraded", "offline"] },
  space: { home: "space", collection: "planets", references: ["orbits"], trouble: ["degraded"] },
};

/** By spelling in lower case: the one word that the map uses for a status. */
export const STATUSES: Readonly<Record<string, string>> = {
  active: "active",
  busy: "busy",
  connected: "online",
  critical: "degraded",
  dead: "offline",
  degraded: "degraded",
  down: "offline",
  healthy: "online",
  idle: "online",
  inactive: "inactive",
  offline: "offline",
  ok: "online",
  online: "online",
  running: "online",
  unhealthy: "degraded",
  up: "online",
  warn: "degraded",
  warning: "degraded",
};

/** The layers that every snapshot has. */
export const STANDING_LAYERS: readonly string[] = ["city", "space", "nodes", "agents"];
