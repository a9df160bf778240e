// The host's vocabulary, generated from `livingmap/core/vocabulary.py` by `npm run vocabulary`. Do not edit.

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
  idle: "idle",
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
