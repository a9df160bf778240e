import { expect, test } from "vitest";
import { REGISTRY } from "../../../../tests/types.ts";
import type { Report, Trouble } from "../domain/troubles.ts";
import { languageOf } from "../i18n/i18n.tsx";
import { troubleName, troubleSentence, troubleText } from "./troubleWords.ts";

const BASE = {
  key: "map 1",
  tone: "bad",
  source: null,
  since: null,
  isAtLeast: false,
  isAcknowledged: false,
} as const;
const REPORT = { title: "The map stands still", what: "The map stands still: its log is away" } as Report;
const OF_MAP: Trouble = { ...BASE, entity: null, shown: [], reports: [REPORT] };
const OF_THING: Trouble = {
  ...BASE,
  entity: { label: "Ash-1", type: "node" } as Trouble["entity"],
  shown: [{ what: { kind: "status", text: "offline" }, entity: { type: "node" } } as Trouble["shown"][number]],
  reports: [],
};

test.each([
  ["a thing", OF_THING, ["Ash-1", "offline", "Ash-1: offline"]],
  ["the map itself", OF_MAP, [REPORT.what, "", REPORT.what]],
])("a problem of %s is told once", (_, trouble, texts) => {
  const language = languageOf("en");
  expect([
    troubleName(trouble, language),
    troubleText(trouble, REGISTRY, language),
    troubleSentence(trouble, REGISTRY, language),
  ]).toEqual(texts);
});
