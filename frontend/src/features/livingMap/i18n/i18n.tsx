/** The language of the page: its words, and how numbers and times are written in it. */

import { createContext, useContext } from "react";
import { en, type Words } from "./en.ts";
import { uk } from "./uk.ts";

export type Locale = "uk" | "en";

/** The same in every language of the page. */
export type Localized<T> = Readonly<Record<Locale, T>>;

export type PluralForms = { readonly [Rule in Intl.LDMLPluralRule]?: string } & { readonly other: string };

export type Language = {
  readonly locale: Locale;
  readonly words: Words;
  /** Return what something is called in this language. */
  of<T>(texts: Localized<T>): T;
  number(value: number): string;
  percent(value: number): string;
  /** Fill `{name}` in a text. */
  fill(text: string, values: Readonly<Record<string, string | number>>): string;
  /** Return the form that goes with a count, with the count as `{n}`. */
  plural(count: number, forms: PluralForms): string;
  /** Join names to a list. */
  list(names: readonly string[]): string;
  /** Return how long ago a moment was, in words; `nowMs` is the present. */
  ago(moment: string | null, nowMs: number): string;
  agoSeconds(seconds: number): string;
  time(moment: string): string;
  date(moment: string): string;
};

const WORDS: Localized<Words> = { en, uk };
const UNITS: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ["second", 60],
  ["minute", 60],
  ["hour", 24],
  ["day", Number.POSITIVE_INFINITY],
];

export function languageOf(locale: Locale): Language {
  const words = WORDS[locale];
  const numbers = new Intl.NumberFormat(locale, { maximumFractionDigits: 2, notation: "standard" });
  const percents = new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 0 });
  const rules = new Intl.PluralRules(locale);
  const lists = new Intl.ListFormat(locale, { type: "unit" });
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: "always", style: "short" });
  const times = new Intl.DateTimeFormat(locale, {
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
  });
  const dates = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" });
  const fill: Language["fill"] = (text, values) =>
    text.replaceAll(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ""));
  return {
    locale,
    words,
    number: (value) => numbers.format(value),
    percent: (value) => percents.format(value),
    fill,
    plural: (count, forms) => fill(forms[rules.select(count)] ?? forms.other, { n: numbers.format(count) }),
    of: (texts) => texts[locale],
    list: (names) => lists.format(names),
    ago: (moment, nowMs) => agoIn((nowMs - Date.parse(moment ?? "")) / 1000, words.ago.now, relative),
    agoSeconds: (seconds) => agoIn(seconds, words.ago.now, relative),
    time: (moment) => times.format(new Date(moment)),
    date: (moment) => dates.format(new Date(moment)),
  };
}

function agoIn(seconds: number, now: string, relative: Intl.RelativeTimeFormat): string {
  let amount = Math.max(0, seconds);
  if (!(amount >= 2)) return now;
  for (const [unit, size] of UNITS) {
    if (amount < size) return relative.format(-Math.floor(amount), unit);
    amount /= size;
  }
  return now;
}

/** Return the language that the browser's settings ask for. */
export function preferredLocale(languages: readonly string[]): Locale {
  const locale = languages.map((one) => one.slice(0, 2)).find((one) => one === "uk" || one === "en");
  return locale === "uk" ? "uk" : "en";
}

export const LanguageContext = createContext<Language>(languageOf("en"));

export function useLanguage(): Language {
  return useContext(LanguageContext);
}
