import { expect, it } from "vitest";
import { EMPTY_META } from "../../../../tests/meta.ts";
import type { Heartbeat, SnapshotMessage, SnapshotMeta } from "./messages.ts";
import { advance, NO_DATA } from "./state.ts";

const META: SnapshotMeta = { ...EMPTY_META, version: "1", cursor: "a" };
const SNAPSHOT: SnapshotMessage = {
  kind: "snapshot",
  cursor: "a",
  reason: "connect",
  timestamp: "2026-01-02T12:00:00Z",
  payload: { generated_at: "2026-01-02T12:00:00Z", layers: {}, meta: META },
};

function heartbeat(more: Partial<Heartbeat>): Heartbeat {
  return { kind: "heartbeat", cursor: "b", timestamp: "2026-01-02T12:00:15Z", ...more };
}

it("learns from a heartbeat that the map has lost its log, and that it is back", () => {
  const [data] = advance(NO_DATA, [SNAPSHOT], 10);
  const since = "2026-01-02T12:00:03Z";
  const [cutOff] = advance(data, [heartbeat({ phase: "live", standing_still_since: since })], 10);
  expect(cutOff.meta).toEqual({ ...META, standing_still_since: since });
  const [own] = advance(cutOff, [heartbeat({ phase: "on_its_own", standing_still_since: null })], 10);
  expect(own.meta).toEqual({ ...META, phase: "on_its_own" });
});

it("learns from a heartbeat which ids several things claim, and that none is any more", () => {
  const collisions = [{ id: "dao:oak", refers_to: "dao:oak-trust", claims: [] }];
  const [data] = advance(NO_DATA, [SNAPSHOT], 10);
  const [claimed] = advance(data, [heartbeat({ phase: "live", collisions })], 10);
  expect(claimed.meta).toEqual({ ...META, collisions });
  const [settled] = advance(claimed, [heartbeat({ phase: "live", collisions: [] })], 10);
  expect(settled.meta).toEqual(META);
});

it("keeps what it has when a heartbeat reports nothing new, or comes from an older map", () => {
  const [data] = advance(NO_DATA, [SNAPSHOT], 10);
  const [same] = advance(data, [heartbeat({ phase: "live", standing_still_since: null }), heartbeat({})], 10);
  expect(same.meta).toBe(data.meta);
});

it("notes with an event what each of its changes found", () => {
  const oak = { op: "put", layer: "nodes", collection: "items", id: "node:oak", unset: [] } as const;
  const event = (cursor: string, status: string) =>
    ({
      kind: "event",
      cursor,
      event_type: "node.status.update",
      timestamp: "2026-01-02T12:00:01Z",
      payload: {},
      changes: [{ ...oak, set: { status } }],
    }) as const;
  const [data] = advance(NO_DATA, [SNAPSHOT, event("b", "online"), event("c", "error")], 10);
  expect(data.events.map(({ former }) => former)).toEqual([[{ id: "node:oak", status: "online" }], [undefined]]);
});
