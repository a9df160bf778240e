// @vitest-environment node
import { expect, test } from "vitest";
import SHARED from "../../../../tests/changes.json" with { type: "json" };
import type { TypeTable } from "../client/api.ts";
import { ChangeTexts } from "./changeTexts.ts";

type Changes = Parameters<ChangeTexts["lines"]>[0];
type Case = {
  readonly name: string;
  readonly language?: string;
  readonly span?: readonly string[];
  readonly changes: Changes;
  readonly lines: readonly string[];
};

const TYPES = SHARED as unknown as Pick<TypeTable, "types">;

// what the Python client's twin is held to, too
test.each(SHARED.cases as readonly Case[])("$name", ({ language, span, changes, lines }) => {
  const [first, last] = span ?? [];
  const texts = new ChangeTexts(TYPES, language === "uk" ? "uk" : "en");
  expect(texts.lines(changes, first && last ? [first, last] : undefined)).toEqual(lines);
});

test("what is not shown is counted", () => {
  const more = (lang: "en" | "uk") => [1, 2, 5].map((number) => new ChangeTexts({ types: [] }, lang).more(number));
  expect(more("en")).toEqual(["and 1 more change", "and 2 more changes", "and 5 more changes"]);
  expect(more("uk")).toEqual(["та ще 1 зміна", "та ще 2 зміни", "та ще 5 змін"]);
});
