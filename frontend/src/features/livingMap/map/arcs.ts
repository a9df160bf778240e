/** Which things on the map are related to one: those that it refers to, and those that refer to it. */

import type { Shape } from "../domain/figure.ts";
import type { Registry } from "../domain/registry.ts";
import { arcsFrom } from "../domain/relations.ts";

/** More arcs could not be distinguished. */
const MOST = 48;

/** Return the shapes that `shape` is related to, each once. */
export function related(shape: Shape, shapes: ReadonlyMap<string, Shape>, registry: Registry): Shape[] {
  const others = new Map<string, Shape>();
  const add = (key: string | undefined) => {
    const other = key === undefined ? undefined : shapes.get(key);
    if (other && other.key !== shape.key && others.size < MOST) {
      others.set(other.key, other);
    }
  };
  for (const key of [...twins(shape, shapes), ...arcsFrom(shape.item, "own", registry)]) {
    add(key);
  }
  for (const other of shapes.values()) {
    // a satellite is seen around its planet, and its building has the arcs
    if (other.figure.stands.on !== "orbit" && arcsFrom(other.item, "others", registry).includes(shape.id)) {
      add(other.key);
    }
  }
  return [...others.values()];
}

/** A thing's other place: its building for a satellite, and its planet; its satellite for a building. */
function twins({ key, id, home, figure }: Shape, shapes: ReadonlyMap<string, Shape>): (string | undefined)[] {
  if (figure.stands.on === "orbit") {
    return [home, id];
  }
  return [`orbit/${key}`, shapes.get(`orbit/${key}`)?.home];
}
