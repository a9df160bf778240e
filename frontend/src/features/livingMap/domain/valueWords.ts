/** Values of fields in words, with what they refer to. */

import type { Json, Scene } from "../client/scene.ts";
import type { Language } from "../i18n/i18n.tsx";
import { isNamed } from "./entities.ts";
import { fieldText } from "./fields.ts";
import type { Kind } from "./kind.ts";
import { nameOfId } from "./names.ts";
import type { Registry } from "./registry.ts";
import type { TypeField } from "./types.ts";

/** A value, or a part of one. What refers to a thing on the map has its id, by which it leads there. */
export type Word = { readonly text: string; readonly id: string | null };

type Names = { readonly scene: Scene; readonly registry: Registry; readonly language: Language };

/** Return a value in words, those of a list one by one; what refers to a thing is called by its name. */
export function wordsOf(value: Json | undefined, field: TypeField, kind: Kind, names: Names): readonly Word[] {
  if (Array.isArray(value) && field.kind !== "amounts")
    return value.flatMap((one: Json) => wordsOf(one, field, kind, names));
  if (typeof value === "string" && value.includes(":")) {
    const { scene, registry, language } = names;
    const isOnMap = registry.find(scene, value) !== undefined;
    if (isOnMap || kind.relations.some((relation) => relation.field === field.name)) {
      const text = nameOfId(value, scene, registry, language);
      // the beginning of a UUID says nothing of what is no longer there
      return isOnMap || isNamed(value, text) ? [{ text, id: isOnMap ? value : null }] : [];
    }
  }
  const text = fieldText(value, field, kind, names.language);
  return text ? [{ text, id: null }] : [];
}

/** Return a value in words as one text. */
export function wordsText(value: Json | undefined, field: TypeField, kind: Kind, names: Names): string {
  return names.language.list(wordsOf(value, field, kind, names).map(({ text }) => text));
}
