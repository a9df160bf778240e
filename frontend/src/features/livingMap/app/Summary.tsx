import { typeOf } from "../client/entities.ts";
import type { Scene } from "../client/scene.ts";
import { useLanguage } from "../i18n/i18n.tsx";
import { field } from "./catalogue.ts";
import { Icon, type IconName } from "./icons.tsx";

export type Count = {
  readonly name: "microdao" | "agent" | "node" | "dao" | "channel" | "city";
  readonly count: number;
};

const PLACES = [
  ["microdao", "city", "items"],
  ["agent", "agents", "items"],
  ["node", "nodes", "items"],
  ["dao", "space", "planets"],
  ["channel", "messaging", "channels"],
  ["city", "city", "rooms"],
] as const;

const ICONS: Readonly<Record<Count["name"], IconName>> = {
  microdao: "city",
  agent: "agents",
  node: "nodes",
  dao: "space",
  channel: "messaging",
  city: "map",
};

/** Return what a public summary counts; null for a map whose items are shown. */
export function summaryOf(scene: Scene): readonly Count[] | null {
  if (!Object.values(scene).some(({ totals }) => totals.counts !== undefined)) return null;
  const shown = Object.values(scene).flatMap(({ collections }) => Object.values(collections));
  if (shown.some((items) => [...items.keys()].some(typeOf))) return null;
  return PLACES.flatMap(([name, layer, collection]) => {
    const count = field(scene[layer]?.totals.counts, collection);
    return typeof count === "number" ? [{ name, count }] : [];
  });
}

/** What everybody may see: numbers. */
export function Summary({ counts }: { readonly counts: readonly Count[] }) {
  const { words, plural } = useLanguage();
  return (
    <div className="notice summary">
      <h2>{words.summary.title}</h2>
      <ul>
        {counts.map(({ name, count }) => (
          <li key={name}>
            <Icon name={ICONS[name]} />
            <strong>{count}</strong>
            <span>{plural(count, words.types[name])}</span>
          </li>
        ))}
      </ul>
      <p>{words.session.summary}</p>
    </div>
  );
}
