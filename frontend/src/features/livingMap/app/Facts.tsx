import type { Item, Json, Scene } from "../client/scene.ts";
import { valueAt } from "../domain/json.ts";
import type { Kind } from "../domain/kind.ts";
import type { TypeField } from "../domain/types.ts";
import { otherFields } from "../domain/values.ts";
import { fieldWord } from "../domain/words.ts";
import { useLanguage } from "../i18n/i18n.tsx";
import { FieldValue } from "./FieldValue.tsx";

type FactsProps = {
  readonly item: Item;
  readonly kind: Kind;
  /** The fields that are shown elsewhere. */
  readonly shown: readonly TypeField[];
  readonly sources: Readonly<Record<string, string>>;
  readonly scene: Scene;
};

/** The declared fields of an item, in their order; those that change by the minute, and what describes it, are shown above them. */
export function Properties({ item, kind, shown, scene }: Omit<FactsProps, "sources">) {
  const { words } = useLanguage();
  const fields = kind.fields.flatMap((field) => {
    const value = field.name === "description" ? null : (valueAt(item, field.name) ?? null);
    return !hasContent(value) || shown.includes(field) ? [] : [{ field, value }];
  });
  if (fields.length === 0) return null;
  return (
    <section>
      <h3>{words.details.properties}</h3>
      <dl className="properties">
        {fields.map(({ field, value }) => (
          <div key={field.name}>
            <dt>{field.label}</dt>
            <dd>
              <FieldValue value={value} field={field} kind={kind} scene={scene} />
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

/** Every field of an item that is not shown elsewhere, and the source that it comes from. */
export function Facts({ item, kind, shown, sources, scene }: FactsProps) {
  const language = useLanguage();
  const { words, fill } = language;
  const names = otherFields(item, [...kind.fields, ...shown]).filter((name) => hasContent(item[name] ?? null));
  return (
    <details className="facts">
      <summary>
        <h3>{words.details.facts}</h3>
      </summary>
      <p className="fact-id">
        <code>{item.id}</code>
      </p>
      <dl>
        {names.map((name) => (
          <div key={name} title={sources[name] && fill(words.details.from, { source: sources[name] })}>
            <dt>{fieldWord(name, kind, language)}</dt>
            <dd>
              <FieldValue value={item[name] ?? null} field={undeclared(name)} kind={kind} scene={scene} />
            </dd>
          </div>
        ))}
      </dl>
    </details>
  );
}

function undeclared(name: string): TypeField {
  return { name, label: name, kind: "auto", unit: "", table: false };
}

function hasContent(value: Json): boolean {
  return value !== null && value !== "" && !(typeof value === "object" && Object.keys(value).length === 0);
}
