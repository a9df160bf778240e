import { useMemo } from "react";
import type { Scene } from "../client/scene.ts";
import { countsOf, dependentsOf } from "../domain/dependents.ts";
import { counted } from "../domain/words.ts";
import { useLanguage } from "../i18n/i18n.tsx";
import { EntityLink } from "./bits.tsx";
import { useRegistry } from "./registry.tsx";

const MOST_LINKS = 60;

/** What depends on a thing, step by step, counted; each step opens. */
export function Dependents({ id, scene }: { readonly id: string; readonly scene: Scene }) {
  const language = useLanguage();
  const { words, fill, plural, list } = language;
  const registry = useRegistry();
  const rings = useMemo(() => dependentsOf([id], scene, registry), [id, scene, registry]);
  if (rings.length === 0) return null;
  const total = rings.flat().length;
  return (
    <section>
      <h3>
        {words.details.dependents} <span className="count">{total}</span>
      </h3>
      {rings.map((ring, at) => {
        const counts = countsOf(ring, registry).map(({ kind, count }) => counted(count, kind, language));
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: a ring is its distance
          <details key={at} className="more ring">
            <summary>
              {plural(at + 1, words.details.steps)}: {list(counts)}
            </summary>
            {ring.slice(0, MOST_LINKS).map((one) => (
              <EntityLink key={one} scene={scene} id={one} />
            ))}
            {ring.length > MOST_LINKS && (
              <span className="muted">{fill(words.details.more, { n: ring.length - MOST_LINKS })}</span>
            )}
          </details>
        );
      })}
    </section>
  );
}
