import type { Item, Scene } from "../client/scene.ts";
import { relationsOf } from "../domain/relations.ts";
import { useLanguage } from "../i18n/i18n.tsx";
import { EntityLink } from "./bits.tsx";
import { useRegistry } from "./registry.tsx";

const MOST_LINKS = 12;

/** What a thing refers to and what refers to it, each a link. */
export function Relations({ item, scene }: { readonly item: Item; readonly scene: Scene }) {
  const language = useLanguage();
  const { words, fill } = language;
  const relations = relationsOf(scene, item, useRegistry(), language);
  if (relations.length === 0) return null;
  return (
    <section>
      <h3>{words.details.relations}</h3>
      <dl className="relations">
        {relations.map(({ label, ids }) => (
          <div key={label}>
            <dt>
              {label}
              {ids.length > 1 && <span className="count">{ids.length}</span>}
            </dt>
            <dd>
              {ids.slice(0, MOST_LINKS).map((one) => (
                <EntityLink key={one} scene={scene} id={one} place={item.id} />
              ))}
              {ids.length > MOST_LINKS && (
                <More
                  ids={ids.slice(MOST_LINKS)}
                  scene={scene}
                  place={item.id}
                  label={fill(words.details.more, { n: ids.length - MOST_LINKS })}
                />
              )}
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function More({
  ids,
  scene,
  place,
  label,
}: {
  readonly ids: readonly string[];
  readonly scene: Scene;
  readonly place: string;
  readonly label: string;
}) {
  return (
    <details className="more">
      <summary>{label}</summary>
      {ids.map((one) => (
        <EntityLink key={one} scene={scene} id={one} place={place} />
      ))}
    </details>
  );
}
