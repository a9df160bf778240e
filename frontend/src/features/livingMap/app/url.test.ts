import { expect, test } from "vitest";
import { placeOf, searchOf } from "./url.ts";

test.each([
  ["", ""],
  ["?layers=city,agents", "?layers=city,agents"],
  ["?layers=agents,,city", "?layers=agents,city"],
  ["?mode=table&q=%D0%BA%D0%B0&type=node&status=offline", "?mode=table&q=%D0%BA%D0%B0&type=node&status=offline"],
  ["?select=agent:sofia&view=1.26,-7,0.12345", "?select=agent:sofia&view=1.3,-7,0.123"],
  ["?view=1,2", ""],
  ["?view=1,2,NaN&mode=sky&panel=cellar", ""],
  ["?panel=problems", "?panel=problems"],
  ["?events-place=microdao:oak&events-weight=trouble", "?events-place=microdao:oak&events-weight=trouble"],
  ["?events-topic=node&events-layer=nodes&events-weight=loud", "?events-topic=node&events-layer=nodes"],
])("the address %j is kept as %j", (given, kept) => {
  expect(searchOf(placeOf(given))).toBe(kept);
  expect(searchOf(placeOf(kept))).toBe(kept);
});

test("no layer at all is something else than all layers", () => {
  expect(placeOf("?layers=").layers?.size).toBe(0);
  expect(searchOf(placeOf("?layers="))).toBe("?layers=");
});
