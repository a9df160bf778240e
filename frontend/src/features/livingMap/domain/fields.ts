/** The value of a field as text, as its kind is written in a language. */

import type { Json } from "../client/scene.ts";
import type { Language } from "../i18n/i18n.tsx";
import { field as fieldOf } from "./json.ts";
import type { Kind } from "./kind.ts";
import type { TypeField } from "./types.ts";
import { statusWord, valueWord } from "./words.ts";

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d/;
const THOUSAND = 1000;
const SPANS = [
  ["days", 86_400],
  ["hours", 3600],
  ["minutes", 60],
  ["seconds", 1],
] as const;

/** Return a value as text; empty for what is missing, or has parts that need more room. */
export function fieldText(value: Json | undefined, field: TypeField, kind: Kind, language: Language): string {
  if (value === undefined || value === null || value === "") return "";
  if (field.kind === "amounts") return amountsText(value, language);
  if (typeof value === "boolean") return value ? "✓" : "–";
  if (Array.isArray(value))
    return language.list(value.map((one: Json) => fieldText(one, field, kind, language)).filter(Boolean));
  if (typeof value === "object") return "";
  const number = typeof value === "number" ? value : asNumber(value, field);
  if (number !== undefined) return numberText(number, field, language);
  const text = String(value);
  if (field.kind === "time" || (field.kind === "auto" && TIME.test(text))) return timeText(text, language);
  if (field.kind !== "auto") return text;
  return Object.hasOwn(kind.statuses, text) ? statusWord(text, language, kind) : valueWord(text, language);
}

/** From here on a number is too long for an axis. */
const LONG = 100_000;

/** Return a number as the axis of a chart has room for it: "2.5M". */
export function axisText(value: number, field: TypeField, kind: Kind, language: Language): string {
  const isPlain = field.kind === "number" || field.kind === "auto" || field.kind === "amounts";
  return isPlain && Math.abs(value) >= LONG ? language.compact(value) : fieldText(value, field, kind, language);
}

function asNumber(value: string | number | object, { kind }: TypeField): number | undefined {
  if (kind === "auto" || kind === "text" || kind === "link" || kind === "time") return undefined;
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : Number.NaN;
  return Number.isFinite(number) ? number : undefined;
}

function numberText(value: number, { kind, unit }: TypeField, language: Language): string {
  switch (kind) {
    case "ratio":
      return language.percent(value);
    case "bytes":
      return bytesText(value, language);
    case "seconds":
      return secondsText(value, language);
    case "time":
      return timeText(value * THOUSAND, language);
    default:
      return withUnit(language.number(value), unit, language);
  }
}

function withUnit(number: string, unit: string, language: Language): string {
  if (unit === "" || unit === "%") return number + unit;
  return `${number} ${valueWord(unit, language)}`;
}

function bytesText(value: number, { words, number }: Language): string {
  const { bytes } = words.units;
  const step = value === 0 ? 0 : Math.floor(Math.log10(Math.abs(value)) / 3);
  const at = Math.max(0, Math.min(bytes.length - 1, step));
  const scaled = value / THOUSAND ** at;
  return `${number(Math.abs(scaled) >= 100 ? Math.round(scaled) : Math.round(scaled * 10) / 10)} ${bytes[at]}`;
}

/** Return a span in its two largest units. */
function secondsText(value: number, { words, number }: Language): string {
  const { units } = words;
  const size = Math.abs(value);
  if (size < 1) return `${number(Math.round(value * THOUSAND * 10) / 10)} ${units.milliseconds}`;
  const at = Math.max(
    0,
    SPANS.findIndex(([, seconds]) => size >= seconds),
  );
  const [large, small] = [SPANS[at], SPANS[at + 1]];
  if (!large || !small) return `${number(Math.round(value * 10) / 10)} ${units.seconds}`;
  const whole = Math.floor(size / large[1]);
  const rest = Math.floor((size - whole * large[1]) / small[1]);
  const text = `${number(whole)} ${units[large[0]]}${rest > 0 ? ` ${number(rest)} ${units[small[0]]}` : ""}`;
  return value < 0 ? `−${text}` : text;
}

function timeText(value: string | number, { date }: Language): string {
  const at = new Date(value);
  return Number.isNaN(at.getTime()) ? String(value) : date(at.toISOString());
}

/** Return amounts of several things: by their names, or as a list of parts that have a number and a name. */
function amountsText(value: Json, language: Language): string {
  if (Array.isArray(value))
    return language.list(value.map((one: Json) => amountText(one, language)).filter(Boolean));
  if (typeof value === "number" || typeof value === "string") return amount(value, language);
  if (value === null || typeof value !== "object") return "";
  return language.list(
    Object.entries(value).flatMap(([name, one]) =>
      typeof one === "number" || typeof one === "string" ? [`${amount(one, language)} ${name}`] : [],
    ),
  );
}

function amountText(one: Json, language: Language): string {
  if (one === null || typeof one !== "object") return amountsText(one, language);
  const name = fieldOf(one, "symbol") ?? fieldOf(one, "currency") ?? fieldOf(one, "unit") ?? fieldOf(one, "name");
  const value = fieldOf(one, "amount") ?? fieldOf(one, "balance") ?? fieldOf(one, "value");
  return typeof value === "number" || typeof value === "string"
    ? [amount(value, language), typeof name === "string" ? name : ""].filter(Boolean).join(" ")
    : amountsText(Array.isArray(one) ? null : one, language);
}

function amount(value: number | string, { number }: Language): string {
  const read = typeof value === "number" || value.trim() === "" ? value : Number(value);
  return typeof read === "number" && Number.isFinite(read) ? number(read) : String(value);
}

/** Return the address that a field of kind `link` leads to; undefined for anything but http and https. */
export function linkIn(value: Json | undefined, { kind }: TypeField): string | undefined {
  return kind === "link" && typeof value === "string" && /^https?:\/\//i.test(value) ? value : undefined;
}
