/** What of a kind differs between two scenes. */

import type { Item, Scene } from "../client/scene.ts";
import type { Kind } from "../domain/kind.ts";
import { collection } from "../domain/registry.ts";

export type Difference = {
  /** New, changed, or now in another collection. */
  readonly put: readonly Item[];
  readonly gone: readonly string[];
};

const NONE: Difference = { put: [], gone: [] };

/** Compare the collections that have things of a kind; of several that have one thing, the first counts. */
export function differenceOf(kind: Kind, before: Scene, scene: Scene, isOwn: (id: string) => boolean): Difference {
  const now = kind.paths.map((path) => collection(scene, path));
  const old = kind.paths.map((path) => collection(before, path));
  if (now.every((one, index) => one === old[index])) {
    return NONE;
  }
  const first = (id: string) => now.find((items) => items.has(id));
  const put: Item[] = [];
  const gone: string[] = [];
  now.forEach((items, rank) => {
    const before = old[rank];
    if (items === before) return;
    let known = 0;
    for (const [id, item] of items) {
      const one = before?.get(id);
      if (one) known += 1;
      if (one !== item && isOwn(id) && first(id) === items) put.push(item);
    }
    // as many as before are left: none has gone
    if (!before || known === before.size) return;
    for (const id of before.keys()) {
      if (!items.has(id) && isOwn(id)) {
        const left = first(id)?.get(id);
        left ? put.push(left) : gone.push(id);
      }
    }
  });
  return { put, gone };
}
