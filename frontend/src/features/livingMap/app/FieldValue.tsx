import type { Json, Scene } from "../client/scene.ts";
import { fieldText, linkIn } from "../domain/fields.ts";
import type { Kind } from "../domain/kind.ts";
import type { TypeField } from "../domain/types.ts";
import { readable, valueWord } from "../domain/words.ts";
import { useLanguage } from "../i18n/i18n.tsx";
import { EntityLink, LoadBar } from "./bits.tsx";
import { useRegistry } from "./registry.tsx";

type Props = {
  readonly value: Json;
  readonly field: TypeField;
  readonly kind: Kind;
  readonly scene: Scene;
};

/** The value of a field in full: as its kind is shown, with what it refers to as links. */
export function FieldValue({ value, field, kind, scene }: Props) {
  const language = useLanguage();
  const registry = useRegistry();
  const link = linkIn(value, field);
  if (link) {
    return (
      <a href={link} target="_blank" rel="noopener noreferrer">
        {link.replace(/^https?:\/\//i, "").replace(/\/$/, "")}
      </a>
    );
  }
  if (field.kind === "ratio" && typeof value === "number") return <LoadBar label="" load={value} isPlain />;
  if (typeof value === "string" && registry.find(scene, value)) return <EntityLink scene={scene} id={value} />;
  if (value === null || typeof value !== "object" || field.kind === "amounts") {
    return <>{fieldText(value, field, kind, language) || "–"}</>;
  }
  const parts = Array.isArray(value)
    ? value.map((one: Json) => ["", one] as const)
    : Object.entries(value as Readonly<Record<string, Json>>);
  return (
    <span className="values">
      {parts.map(([name, one]) => (
        <span key={name || JSON.stringify(one)} className="value">
          {name && `${readable(valueWord(name, language))}: `}
          <FieldValue value={one} field={field} kind={kind} scene={scene} />
        </span>
      ))}
    </span>
  );
}
