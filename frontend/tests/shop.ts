/** A shop's network for tests: five layers of which this repository knows nothing, one type without a declaration. */

import type { Item, Scene } from "../src/features/livingMap/client/scene.ts";
import { undeclared } from "../src/features/livingMap/domain/kind.ts";
import { observedIn, Registry } from "../src/features/livingMap/domain/registry.ts";
import { item, sceneOf } from "../src/features/livingMap/domain/testing.ts";
import type { LayerRow, TypeRow, TypeTable } from "../src/features/livingMap/domain/types.ts";

const target: TypeRow = {
  ...undeclared("target", [["monitoring", "targets"]]),
  declared: true,
  label: "Target",
  plural: "targets",
  counts: { one: "target", other: "targets" },
  icon: "M4 4h16",
  rank: 100,
  status: "health",
  statuses: { down: { tone: "bad", label: "not reachable" }, up: { tone: "good", label: "up" } },
  fields: [
    { name: "latency", label: "Latency", kind: "seconds", unit: "", table: true },
    { name: "cpu_share", label: "Processor", kind: "ratio", unit: "", table: true },
    { name: "dashboard", label: "Dashboard", kind: "link", unit: "", table: false },
  ],
  relations: [],
  place: "inside",
  look: "tower",
  sources: ["prometheus"],
};

const alert: TypeRow = {
  ...undeclared("alert", [["monitoring", "alerts"]]),
  declared: true,
  label: "Alert",
  plural: "alerts",
  rank: 110,
  statuses: { firing: { tone: "bad", label: "firing" }, pending: { tone: "warn", label: "pending" } },
  relations: [{ field: "target_id", label: "target", referrers: "alerts", arcs: true }],
  within: ["target_id"],
  sources: ["prometheus"],
};

const queue: TypeRow = {
  ...undeclared("queue", [["messaging", "queues"]]),
  declared: true,
  label: "Queue",
  plural: "queues",
  rank: 200,
  fields: [{ name: "size", label: "Size", kind: "bytes", unit: "", table: true }],
  place: "district",
  look: "quarter",
  size: "messages",
  sources: ["nats"],
};

const order: TypeRow = {
  ...undeclared("order", [["shop", "orders"]]),
  declared: true,
  label: "Order",
  plural: "orders",
  rank: 300,
  relations: [{ field: "queue_id", label: "queue", referrers: "orders", arcs: false }],
  within: ["queue_id"],
  look: "light",
  sources: ["postgres"],
};

const layer = (name: string, title: string): LayerRow => ({ name, title, hint: "", icon: "", standing: false });

export const SHOP: TypeTable = {
  types: [target, alert, queue, order],
  layers: [layer("monitoring", "Watch"), layer("messaging", "Queues"), layer("shop", "Orders")],
};

/** Return some of everything in a shop; `many` of what has no declaration in two layers. */
export function shopScene(many = 20): Scene {
  const each = (count: number, make: (at: number) => Item) => Array.from({ length: count }, (_, at) => make(at));
  return sceneOf({
    "monitoring.targets": each(12, (at) =>
      item(`target:${at}`, {
        name: `web-${at}`,
        health: at === 3 ? "down" : "up",
        latency: at / 100,
        cpu_share: 0.2,
      }),
    ),
    "monitoring.alerts": [item("alert:slow", { name: "Slow", status: "firing", target_id: "target:3" })],
    "messaging.queues": each(4, (at) => item(`queue:${at}`, { name: `Queue ${at}`, size: 1500, messages: at })),
    "shop.orders": each(60, (at) => item(`order:${at}`, { queue_id: at % 7 === 0 ? null : `queue:${at % 4}` })),
    "stock.items": each(many, (at) => item(`shelf:${at}`, { weight: at, keeper: "keeper:anna" })),
    "staff.people": each(Math.ceil(many / 4), (at) => item(`keeper:${at || "anna"}`, { shift: "early" })),
  });
}

/** Return the registry of a shop, with what its scene shows beside what is declared. */
export function shopRegistry(scene: Scene): Registry {
  return new Registry(SHOP, observedIn(scene));
}
