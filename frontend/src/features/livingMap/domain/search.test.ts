import { expect, test } from "vitest";
import SHARED from "../../../../tests/search_keys.json" with { type: "json" };
import { searchKey } from "./search.ts";

test.each(SHARED as [string, string][])("%j has the key that the server has for it: %j", (text, key) => {
  expect(searchKey(text)).toBe(key);
});

test.each(SHARED as [string, string][])("the key of %j is its own key", (_, key) => {
  expect(searchKey(key)).toBe(key);
});
