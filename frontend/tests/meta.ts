/** The meta of a snapshot that says nothing. */

import type { SnapshotMeta } from "../src/features/livingMap/client/messages.ts";

export const EMPTY_META: SnapshotMeta = {
  version: "",
  generated_at: "",
  cursor: "",
  source_services: [],
  sources: [],
  phase: "live",
  standing_still_since: null,
  at: null,
  gaps: [],
  collisions: [],
  access: "complete",
};
