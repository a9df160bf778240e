/** The language of the page: its words, and how numbers and times are written in it. */

import { createContext, useContext } from "react";
import { mapNow } from "../client/clock.ts";
import { en, type Words } from "./en.ts";
import type { Locale } from "./locale.ts";
import { uk } from "./uk.ts";

export { type Locale, preferredLocale } from "./locale.ts";

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
  /** Return a great number in short: "2.5M". */
  compact(value: number): string;
  /** Fill `{name}` in a text. */
  fill(text: string, values: Readonly<Record<string, string | number>>): string;
  /** Return the form that goes with a count, with the count as `{n}`. */
  plural(count: number, forms: PluralForms): string;
  /** Join names to a list. */
  list(names: readonly string[]): string;
  /** Return how long ago a moment was, in words; `nowMs` is the present. */
  ago(moment: string | null, nowMs: number): string;
  agoSeconds(seconds: number): string;
  /** Return how long ago something was in full words: "14 hours ago". */
  agoLong(seconds: number): string;
  /** Return how long something lasts, in its largest unit: "24 hours". */
  duration(seconds: number): string;
  /** Return how long something lasted, in its two largest units: "1 hr 20 min". */
  span(seconds: number): string;
  time(moment: string): string;
  date(moment: string): string;
  /** Return a moment, in ms since 1970, to the second, with its date unless that is today. */
  moment(ms: number): string;
  /** Return a moment to the second with its date, and its year unless that is this one. */
  fullMoment(ms: number): string;
  /** Return the day of a moment in full, with the time unless that is midnight: "Thursday, 4 June". */
  fullDay(ms: number): string;
  /** Return a moment in short: its time, before today with its day. */
  when(ms: number): string;
  /** Return the same without seconds. */
  shortWhen(ms: number): string;
  /** Return a moment as hours and minutes. */
  shortTime(ms: number): string;
  /** Return a moment as a mark on a line of hours, or of days. */
  tick(ms: number, isDays: boolean): string;
};

/** What is less would be written as nothing: it is rounded to two digits of its own. */
const LEAST = 0.01;

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
  const small = new Intl.NumberFormat(locale, { maximumSignificantDigits: 2 });
  const percents = new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 0 });
  const compacts = new Intl.NumberFormat(locale, { maximumFractionDigits: 1, notation: "compact" });
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
  const relativeLong = new Intl.RelativeTimeFormat(locale, { numeric: "always", style: "long" });
  const moments = new Intl.DateTimeFormat(locale, {
    day: "numeric",
    month: "short",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
  });
  const oldMoments = new Intl.DateTimeFormat(locale, {
    dateStyle: "medium",
    timeStyle: "medium",
    hourCycle: "h23",
  });
  const shortMoments = new Intl.DateTimeFormat(locale, {
    day: "numeric",
    month: "short",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  });
  const wholeDays = new Intl.DateTimeFormat(locale, { weekday: "short", day: "numeric", month: "long" });
  const hours = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  const days = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short" });
  const fill: Language["fill"] = (text, values) =>
    text.replaceAll(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ""));
  return {
    locale,
    words,
    number: (value) => (value !== 0 && Math.abs(value) < LEAST ? small : numbers).format(value),
    percent: (value) => percents.format(value),
    compact: (value) => compacts.format(value),
    fill,
    plural: (count, forms) => fill(forms[rules.select(count)] ?? forms.other, { n: numbers.format(count) }),
    of: (texts) => texts[locale],
    list: (names) => lists.format(names),
    ago: (moment, nowMs) => agoIn((nowMs - Date.parse(moment ?? "")) / 1000, words.ago.now, relative),
    agoSeconds: (seconds) => agoIn(seconds, words.ago.now, relative),
    span: (seconds) => spanIn(seconds, locale),
    time: (moment) => times.format(new Date(moment)),
    date: (moment) => dates.format(new Date(moment)),
    agoLong: (seconds) => agoIn(seconds, words.ago.now, relativeLong),
    duration: (seconds) => durationIn(seconds, locale),
    moment: (ms) => (isToday(ms) ? times : isThisYear(ms) ? moments : oldMoments).format(ms),
    fullMoment: (ms) => (isThisYear(ms) ? moments : oldMoments).format(ms),
    fullDay: (ms) => (isMidnight(ms) ? wholeDays.format(ms) : `${wholeDays.format(ms)}, ${hours.format(ms)}`),
    when: (ms) => (isToday(ms) ? times : shortMoments).format(ms),
    shortWhen: (ms) => (isToday(ms) ? hours : shortMoments).format(ms),
    shortTime: (ms) => hours.format(ms),
    tick: (ms, isDays) => (isDays || isMidnight(ms) ? days : hours).format(ms),
  };
}

function isToday(ms: number): boolean {
  return new Date(ms).toDateString() === new Date(mapNow()).toDateString();
}

function isThisYear(ms: number): boolean {
  return new Date(ms).getFullYear() === new Date(mapNow()).getFullYear();
}

function isMidnight(ms: number): boolean {
  const date = new Date(ms);
  return date.getHours() === 0 && date.getMinutes() === 0;
}

const SIZES = [
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
  ["second", 1],
] as const;

function spanIn(seconds: number, locale: Locale): string {
  const whole = Math.max(1, Math.round(seconds));
  const at = SIZES.findIndex(([, size]) => whole >= size);
  const [large, small] = [SIZES[at], SIZES[at + 1]];
  if (!large) return "";
  const amount = Math.floor(whole / large[1]);
  const rest = small ? Math.floor((whole - amount * large[1]) / small[1]) : 0;
  const parts =
    small && rest > 0
      ? ([
          [amount, large[0]],
          [rest, small[0]],
        ] as const)
      : ([[amount, large[0]]] as const);
  return parts.map(([count, unit]) => unitText(count, unit, locale)).join(" ");
}

function unitText(count: number, unit: string, locale: Locale): string {
  const style = { style: "unit", unit, unitDisplay: "short", maximumFractionDigits: 0 } as const;
  return new Intl.NumberFormat(locale, style).format(count);
}

function durationIn(seconds: number, locale: Locale): string {
  let amount = seconds;
  for (const [unit, size] of UNITS) {
    if (amount < size || unit === "day" || (unit === "hour" && amount <= 24)) {
      return unitText(amount, unit, locale);
    }
    amount /= size;
  }
  return "";
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

export const LanguageContext = createContext<Language>(languageOf("en"));

export function useLanguage(): Language {
  return useContext(LanguageContext);
}
