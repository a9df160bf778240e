import { describe, expect, test } from "vitest";
import { REGISTRY } from "../../../../tests/types.ts";
import type { Json } from "../client/scene.ts";
import { languageOf } from "../i18n/i18n.tsx";
import { fieldText, linkIn } from "./fields.ts";
import type { FieldKind, TypeField } from "./types.ts";

const ENGLISH = languageOf("en");
const UKRAINIAN = languageOf("uk");
const KIND = REGISTRY.kindOf("thing");

function field(kind: FieldKind, unit = ""): TypeField {
  return { name: "x", label: "X", kind, unit, table: true };
}

describe("a field", () => {
  test.each([
    ["number", 1234.5, "1,234.5"],
    ["number", "12", "12"],
    ["number", "twelve", "twelve"],
    ["ratio", 0.257, "26%"],
    ["bytes", 0, "0 B"],
    ["bytes", 1500, "1.5 kB"],
    ["bytes", 323_400_000, "323 MB"],
    ["bytes", 5e15, "5 PB"],
    ["seconds", 0.0123, "12.3 ms"],
    ["seconds", 42, "42 s"],
    ["seconds", 90, "1 min 30 s"],
    ["seconds", 7200, "2 h"],
    ["seconds", 1_000_000, "11 d 13 h"],
    ["time", "not a time", "not a time"],
    ["auto", true, "✓"],
    ["auto", null, ""],
    ["auto", { a: 1 }, ""],
    ["auto", ["a", "b"], "a, b"],
    ["text", "0012", "0012"],
    ["amounts", { UAH: 1200, USD: "3.5" }, "1,200 UAH, 3.5 USD"],
    ["amounts", [{ symbol: "DAAR", balance: "10" }], "10 DAAR"],
    ["amounts", 7, "7"],
  ] as [FieldKind, Json, string][])("of the kind %s with %j reads %j", (kind, value, text) => {
    expect(fieldText(value, field(kind), KIND, ENGLISH)).toBe(text);
  });

  test("has its unit after its number, and units in the reader's language", () => {
    expect(fieldText(21.5, field("number", "°C"), KIND, ENGLISH)).toBe("21.5 °C");
    expect(fieldText(42.9, field("number", "%"), KIND, ENGLISH)).toBe("42.9%");
    expect(fieldText(12, field("number", "ms"), KIND, UKRAINIAN)).toBe("12 мс");
    expect(fieldText(1500, field("bytes"), KIND, UKRAINIAN)).toBe("1,5 кБ");
    expect(fieldText(90, field("seconds"), KIND, UKRAINIAN)).toBe("1 хв 30 с");
  });

  test.each([
    ["public", "для всіх"],
    ["quadratic", "квадратичне"],
    ["constructor", "constructor"],
    ["gpt-4o", "gpt-4o"],
  ])("that a service fills with one of a few words has them in the reader's language: %s", (value, text) => {
    expect(fieldText(value, field("auto"), KIND, UKRAINIAN)).toBe(text);
    expect(fieldText(value, field("auto"), KIND, ENGLISH)).toBe(value);
    expect(fieldText(value, field("text"), KIND, UKRAINIAN)).toBe(value);
  });

  test("that is a time reads as one", () => {
    expect(fieldText("2026-11-29T09:00:00Z", field("auto"), KIND, ENGLISH)).toMatch(/2026/);
    expect(fieldText(1_795_000_000, field("time"), KIND, ENGLISH)).toMatch(/2026/);
  });
});

test.each([
  ["https://example.org/a", "https://example.org/a"],
  ["HTTP://example.org", "HTTP://example.org"],
  ["javascript:alert(1)", undefined],
  ["data:text/html,x", undefined],
  ["//example.org", undefined],
  [7, undefined],
])("of %j the page makes the link %j", (value, link) => {
  expect(linkIn(value, field("link"))).toBe(link);
  expect(linkIn(value, field("text"))).toBeUndefined();
});
