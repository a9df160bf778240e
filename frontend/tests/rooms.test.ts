// Which room imports which: client is at the bottom, map and app at the top, and there are no circles.

import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "../src/features/livingMap");

/** By room: the rooms that it may import. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  client: [],
  i18n: ["client"],
  domain: ["client", "i18n"],
  hooks: ["client", "domain"],
  map: ["client", "domain", "i18n"],
  app: ["client", "domain", "hooks", "i18n", "map"],
  embed: ["client", "domain", "hooks", "i18n", "map"],
  // the npm package: nothing that belongs to the page
  "index.ts": ["client", "domain", "hooks"],
  "map.ts": ["embed"],
};

type Imports = ReadonlyMap<string, readonly string[]>;

function sources(): ReadonlyMap<string, string> {
  const files = readdirSync(ROOT, { recursive: true, encoding: "utf8" });
  const names = files.filter((file) => /\.tsx?$/.test(file) && !/\.test\.tsx?$/.test(file));
  return new Map(names.map((name) => [name, readFileSync(join(ROOT, name), "utf8")]));
}

/** Return what each file imports, by `import`, `export … from` and `import()`. */
function importsIn(files: ReadonlyMap<string, string>): Imports {
  const targets = (name: string, text: string) =>
    [...text.matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+)"/g)].map(([, path]) =>
      relative(ROOT, join(ROOT, dirname(name), path ?? "")),
    );
  return new Map([...files].map(([name, text]) => [name, targets(name, text)]));
}

function roomOf(name: string): string {
  return name.split("/")[0] ?? name;
}

function trespassesIn(imports: Imports): string[] {
  return [...imports].flatMap(([name, targets]) =>
    targets
      .filter((target) => roomOf(target) !== roomOf(name) && !ALLOWED[roomOf(name)]?.includes(roomOf(target)))
      .map((target) => `${name} imports ${target}`),
  );
}

function circlesIn(imports: Imports): string[] {
  const finished = new Set<string>();
  const circles: string[] = [];
  const visit = (name: string, way: readonly string[]) => {
    const start = way.indexOf(name);
    if (start >= 0) circles.push([...way.slice(start), name].join(" → "));
    if (start >= 0 || finished.has(name)) return;
    for (const target of imports.get(name) ?? []) visit(target, [...way, name]);
    finished.add(name);
  };
  for (const name of imports.keys()) visit(name, []);
  return circles;
}

test("every room imports only rooms below it", () => {
  expect(trespassesIn(importsIn(sources()))).toEqual([]);
});

test("there are no circles of imports", () => {
  expect(circlesIn(importsIn(sources()))).toEqual([]);
});

test.each([
  ["client/client.ts", 'import { toneOf } from "../domain/status.ts";'],
  ["domain/status.ts", 'import type { View } from "../map/camera.ts";'],
  ["domain/status.ts", 'export { go } from "../app/url.ts";'],
  ["map/camera.ts", 'const url = import("../app/url.ts");'],
  ["app/url.ts", 'import { whatever } from "../index.ts";'],
])("a room that imports what it may not is noticed: %s with %s", (name, line) => {
  const files = new Map(sources());
  files.set(name, `${line}\n${files.get(name)}`);
  expect(trespassesIn(importsIn(files))).toHaveLength(1);
});

test("a circle of imports is noticed, of types alone, too", () => {
  const files = new Map(sources());
  files.set("domain/tones.ts", `import type { Item } from "./status.ts";\n${files.get("domain/tones.ts")}`);
  expect(circlesIn(importsIn(files)).some((circle) => circle.includes("domain/status.ts → domain/tones.ts"))).toBe(
    true,
  );
});
