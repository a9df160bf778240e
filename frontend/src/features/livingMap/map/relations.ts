/** What a thing has to do with others on the map: agent ↔ microDAO ↔ nodes ↔ DAO, and who talks where. */

import type { Item, Json } from "../client/scene.ts";
import type { Shape } from "./kinds.ts";

/** As many as can be told apart. */
const MOST = 48;

/** Return the shapes that `shape` is related to, each once. */
export function related(shape: Shape, shapes: ReadonlyMap<string, Shape>): Shape[] {
  const found = new Map<string, Shape>();
  const add = (key: Json | undefined) => {
    const other = typeof key === "string" ? shapes.get(key) : undefined;
    if (other && other.key !== shape.key && found.size < MOST) {
      found.set(other.key, other);
    }
  };
  for (const key of named(shape, shapes)) {
    add(key);
  }
  for (const other of shapes.values()) {
    if (found.size >= MOST) {
      break;
    }
    if (pointsAt(other, shape)) {
      // a planet's satellites are seen around it: what is worth an arc are their buildings in the city
      add(shape.kind === "dao" ? other.id : other.key);
    }
  }
  return [...found.values()];
}

/** The ids that a thing names itself. */
function named({ id, kind, home, item, key }: Shape, shapes: ReadonlyMap<string, Shape>): (Json | undefined)[] {
  const own = [item.microdao_id, item.node_id, item.room_id, item.dao_id, item.orchestrator_id, item.parent_id];
  if (kind === "node") {
    return [...own, `orbit/${key}`, shapes.get(`orbit/${key}`)?.home];
  }
  return kind === "orbit" ? [home, id, ...own] : own;
}

/** Whether another thing names this one; the many agents of a microDAO are left out: they live within it. */
function pointsAt(other: Shape, { id, kind }: Shape): boolean {
  const item: Item = other.item;
  switch (kind) {
    case "microdao":
      return other.kind !== "agent" && other.kind !== "orbit" && item.microdao_id === id;
    case "node":
    case "orbit":
      return other.kind === "agent" && item.node_id === id;
    case "room":
      return other.kind === "agent" && item.room_id === id;
    case "dao":
      return other.kind === "orbit" && other.home === id;
    default:
      return false;
  }
}
