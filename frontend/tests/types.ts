// What things are in the tests: the types of this repository's plugins, as `npm run types` has recorded them.

import { Registry } from "../src/features/livingMap/domain/registry.ts";
import type { TypeTable } from "../src/features/livingMap/domain/types.ts";
import type { Locale } from "../src/features/livingMap/i18n/i18n.tsx";
import ENGLISH from "./types.en.json" with { type: "json" };
import UKRAINIAN from "./types.uk.json" with { type: "json" };

/** Return what `GET /living-map/types` of this repository's plugins answers in a language, as it was recorded. */
export function recorded(locale: Locale): TypeTable {
  return (locale === "uk" ? UKRAINIAN : ENGLISH) as unknown as TypeTable;
}

export const REGISTRY = new Registry(recorded("en"));
