import type { Scene } from "../client/scene.ts";
import { homeOfType, typeOf } from "../domain/entities.ts";
import { field } from "../domain/json.ts";
import type { Kind } from "../domain/kind.ts";
import { collectionsOf, KINDS } from "../domain/registry.ts";
import { useLanguage } from "../i18n/i18n.tsx";
import { TypeIcon } from "./icons.tsx";

export type Count = { readonly kind: Kind; readonly count: number };

/** Return what a public summary counts; null for a scene whose items are shown. */
export function summaryOf(scene: Scene): readonly Count[] | null {
  if (!Object.values(scene).some(({ totals }) => totals.counts !== undefined)) return null;
  const shown = Object.values(scene).flatMap(({ collections }) => Object.values(collections));
  if (shown.some((items) => [...items.keys()].some(typeOf))) return null;
  return KINDS.filter(({ type, figures }) => figures && homeOfType(type)).flatMap((kind) => {
    const [home] = collectionsOf(kind);
    const count = home && field(scene[home[0]]?.totals.counts, home[1]);
    return typeof count === "number" ? [{ kind, count }] : [];
  });
}

/** What everybody may see: counts without names. */
export function Summary({ counts }: { readonly counts: readonly Count[] }) {
  const { words, of, plural } = useLanguage();
  return (
    <div className="notice summary">
      <h2>{words.summary.title}</h2>
      <ul>
        {counts.map(({ kind, count }) => (
          <li key={kind.type}>
            <TypeIcon type={kind.type} />
            <strong>{count}</strong>
            <span>{plural(count, of(kind.words).count)}</span>
          </li>
        ))}
      </ul>
      <p>{words.session.summary}</p>
    </div>
  );
}
