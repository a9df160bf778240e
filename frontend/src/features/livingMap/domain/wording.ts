/** How numbers and counted things are written in a language. The twin of `livingmap/core/wording.py`. */

import type { Json } from "../client/scene.ts";
import type { Locale } from "../i18n/i18n.tsx";

const DECIMAL = /^([-+]?)(\d+)(?:\.(\d+))?$/;
const MARKS: Readonly<Record<Locale, readonly [group: string, point: string]>> = {
  en: [",", "."],
  uk: ["\u00a0", ","],
};

/** Return a number, or a text that is one, without needless zeros and without rounding; null for anything else. */
export function decimal(value: Json | undefined, locale: Locale): string | null {
  if (typeof value !== "number" && typeof value !== "string") return null;
  const match = DECIMAL.exec(String(value).trim());
  if (!match) return null;
  const [group, point] = MARKS[locale];
  const whole = (match[2] ?? "").replace(/^0+(?=\d)/, "").replace(/\B(?=(\d{3})+$)/g, group);
  const fraction = (match[3] ?? "").replace(/0+$/, "");
  const number = fraction ? whole + point + fraction : whole;
  return number === "0" || match[1] !== "-" ? number : `-${number}`;
}

/** Return the form that goes with a number, of one and other, in Ukrainian of one, few and many. */
export function plural(number: number, forms: readonly string[], locale: Locale): string {
  const rule = new Intl.PluralRules(locale).select(number);
  const at = rule === "one" ? 0 : rule === "few" ? 1 : forms.length - 1;
  return forms[Math.min(at, forms.length - 1)] ?? "";
}
