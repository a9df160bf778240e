import { afterEach, expect, test, vi } from "vitest";
import { compareClocks } from "../client/clock.ts";
import { languageOf } from "./i18n.tsx";

const READER = Date.parse("2026-11-29T12:00:00Z");

afterEach(() => {
  compareClocks(new Date(Date.now()).toUTCString(), Date.now(), Date.now());
  vi.useRealTimers();
});

test("what is today, and needs no date, is said by the clock of the map", () => {
  vi.useFakeTimers({ now: READER });
  compareClocks("Mon, 30 Nov 2026 12:00:00 GMT", READER, READER);
  const { moment, when } = languageOf("en");
  expect(moment(Date.parse("2026-11-30T11:00:00Z"))).not.toContain("Nov");
  for (const text of [moment(READER), when(READER)]) expect(text).toContain("Nov 29");
});

test("a small number is not written as nothing", () => {
  const { number } = languageOf("en");
  expect([0, 0.00042, -0.0039, 0.01, 0.126].map(number)).toEqual(["0", "0.00042", "-0.0039", "0.01", "0.13"]);
});
