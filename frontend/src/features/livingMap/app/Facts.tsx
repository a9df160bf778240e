import type { Item, Json, Scene } from "../client/scene.ts";
import { findItem } from "../domain/entities.ts";
import { kindOfId } from "../domain/registry.ts";
import { fieldWord, readable } from "../domain/words.ts";
import { useLanguage } from "../i18n/i18n.tsx";
import { EntityLink } from "./bits.tsx";

const SHOWN_ELSEWHERE = new Set([
  "id",
  "name",
  "status",
  "description",
  "metrics",
  "usage",
  "position",
  "x",
  "y",
  "w",
  "h",
]);
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d/;

type FactsProps = {
  readonly item: Item;
  readonly sources: Readonly<Record<string, string>>;
  readonly scene: Scene;
};

/** Every field of an item that is not shown elsewhere, and the source that it comes from. */
export function Facts({ item, sources, scene }: FactsProps) {
  const language = useLanguage();
  const { words, fill } = language;
  const fields = Object.entries(item).filter(([name, value]) => !SHOWN_ELSEWHERE.has(name) && hasContent(value));
  return (
    <details className="facts">
      <summary>
        <h3>{words.details.facts}</h3>
      </summary>
      <p className="fact-id">
        <code>{item.id}</code>
      </p>
      <dl>
        {fields.map(([name, value]) => (
          <div key={name} title={sources[name] && fill(words.details.from, { source: sources[name] })}>
            <dt>{fieldWord(name, kindOfId(item.id), language)}</dt>
            <dd>
              <Value value={value} scene={scene} />
            </dd>
          </div>
        ))}
      </dl>
    </details>
  );
}

function hasContent(value: Json): boolean {
  return value !== null && value !== "" && !(typeof value === "object" && Object.keys(value).length === 0);
}

function Value({ value, scene }: { readonly value: Json; readonly scene: Scene }) {
  const { number, date } = useLanguage();
  if (typeof value === "number") return <>{number(value)}</>;
  if (typeof value === "boolean") return <>{value ? "✓" : "–"}</>;
  if (typeof value === "string") {
    if (findItem(scene, value)) return <EntityLink scene={scene} id={value} />;
    return <>{TIME.test(value) ? date(value) : value}</>;
  }
  if (Array.isArray(value)) {
    return (
      <span className="values">
        {value.map((one: Json) => (
          <span key={JSON.stringify(one)} className="value">
            <Value value={one} scene={scene} />
          </span>
        ))}
      </span>
    );
  }
  if (value === null) return <>–</>;
  return (
    <span className="values">
      {Object.entries(value).map(([name, one]) => (
        <span key={name} className="value">
          {readable(name)}: <Value value={one} scene={scene} />
        </span>
      ))}
    </span>
  );
}
