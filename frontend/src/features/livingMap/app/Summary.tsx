import type { Scene } from "../client/scene.ts";
import { typeOf } from "../domain/entities.ts";
import { field } from "../domain/json.ts";
import { type Kind, kindOfRow, undeclared } from "../domain/kind.ts";
import type { Registry } from "../domain/registry.ts";
import { countForms } from "../domain/words.ts";
import { useLanguage } from "../i18n/i18n.tsx";
import { TypeIcon } from "./icons.tsx";

export type Count = { readonly kind: Kind; readonly count: number };

/** Return what a public summary counts; null for a scene whose items are shown. */
export function summaryOf(scene: Scene, registry: Registry): readonly Count[] | null {
  if (!Object.values(scene).some(({ totals }) => totals.counts !== undefined)) return null;
  const shown = Object.values(scene).flatMap(({ collections }) => Object.values(collections));
  if (shown.some((items) => [...items.keys()].some(typeOf))) return null;
  const declared = registry.kinds.filter(isCounted).flatMap((kind) => countOf(kind, scene));
  return declared.length > 0 ? declared : undeclaredCounts(scene);
}

function countOf(kind: Kind, scene: Scene): readonly Count[] {
  const count = field(scene[kind.home.layer]?.totals.counts, kind.home.collection);
  return typeof count === "number" ? [{ kind, count }] : [];
}

/** Whether the count of a kind's home is its own: of several kinds in one collection, that of the first. */
function isCounted({ home, figures }: Kind, at: number, kinds: readonly Kind[]): boolean {
  const isSame = (one: Kind) => one.home.layer === home.layer && one.home.collection === home.collection;
  return figures.length > 0 && kinds.findIndex(isSame) === at;
}

/** Return the counts by the names of their collections, for readers who may not know the types. */
function undeclaredCounts(scene: Scene): readonly Count[] {
  return Object.entries(scene).flatMap(([layer, { totals }]) =>
    Object.keys(totals.counts && typeof totals.counts === "object" ? totals.counts : {}).flatMap((name) =>
      countOf(kindOfRow(undeclared(name === "items" ? layer : name, [[layer, name]])), scene),
    ),
  );
}

/** What everybody may see: counts without names. */
export function Summary({ counts }: { readonly counts: readonly Count[] }) {
  const { words, plural } = useLanguage();
  return (
    <div className="notice summary">
      <h2>{words.summary.title}</h2>
      <ul>
        {counts.map(({ kind, count }) => (
          <li key={kind.name}>
            <TypeIcon type={kind.name} />
            <strong>{count}</strong>
            <span>{plural(count, countForms(kind))}</span>
          </li>
        ))}
      </ul>
      <p>{words.session.summary}</p>
    </div>
  );
}
