import { expect, test } from "vitest";
import SHARED from "../../../../tests/sentences.json" with { type: "json" };
import type { Change } from "../client/messages.ts";
import type { Item, Json } from "../client/scene.ts";
import { fillSentence, matches, type Texts, textsOf } from "./sentences.ts";

const items: Readonly<Record<string, Item>> = SHARED.items;

type Case = {
  readonly en: string | readonly string[];
  readonly uk?: string;
  readonly payload: { readonly [name: string]: Json };
  readonly changed?: readonly string[];
  readonly filled: { readonly en?: string | null; readonly uk?: string | null };
};

const cases = (SHARED.cases as readonly Case[]).flatMap((one) =>
  (["en", "uk"] as const).filter((locale) => locale in one.filled).map((locale) => [one, locale] as const),
);

test.each(cases)("%j in %s", (one, locale) => {
  const texts: Texts = one.uk === undefined ? { en: one.en } : { en: one.en, uk: one.uk };
  const changes: Change[] = [{ op: "total", layer: "x", set: {}, unset: [] }];
  for (const id of one.changed ?? [])
    changes.push({ op: "put", layer: "x", collection: "items", id, set: {}, unset: [] });
  const find = (id: string) => (Object.hasOwn(items, id) ? items[id] : undefined);
  expect(fillSentence(texts, { payload: one.payload, changes, find, locale })).toBe(one.filled[locale]);
});

test.each([
  ["dao.event.*", "dao.event.vote_cast", true],
  ["dao.event.*", "dao.event.vote.cast", false],
  ["dao.>", "dao.event.vote.cast", true],
  ["dao.>", "dao", false],
  ["usage.llm", "usage.llm", true],
  ["usage.llm", "usage.tool", false],
])("%s, %s: %s", (pattern, subject, expected) => {
  expect(matches(pattern, subject)).toBe(expected);
});

test("the first entry that matches counts", () => {
  const table = [
    { event_type: "dao.event.created", texts: { en: ["exact"] } },
    { event_type: "dao.event.*", texts: { en: ["loose"] } },
  ];
  expect(textsOf(table, "dao.event.created")).toEqual({ en: ["exact"] });
  expect(textsOf(table, "dao.event.ended")).toEqual({ en: ["loose"] });
  expect(textsOf(table, "weather.storm")).toBeUndefined();
});
