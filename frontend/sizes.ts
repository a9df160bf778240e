/**
 * What a browser has to load before it shows something, gzipped, and the most that this may be. After both builds:
 * `node sizes.ts [folder of the page]`.
 */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "rolldown";

const MOST_KB = { hook: 6, page: 175 };
const PACKAGE = join(import.meta.dirname, "package/dist/index.js");
const UI = process.argv[2] ?? join(import.meta.dirname, "../livingmap/_ui");
const ENTRY = "\0entry";

function kilobytes(texts: readonly (string | Buffer)[]): number {
  return texts.reduce((sum, text) => sum + gzipSync(text, { level: 9 }).length, 0) / 1000;
}

/** Return `useLivingMapFull` as an app has it: minified, without React, and without what is loaded later. */
async function hook(): Promise<string[]> {
  const { output } = await build({
    input: ENTRY,
    external: /^react(\/|$)/,
    write: false,
    transform: { define: { "process.env.NODE_ENV": '"production"' } },
    preserveEntrySignatures: "allow-extension",
    output: { minify: true },
    plugins: [
      {
        name: "entry",
        resolveId: (id) => (id === ENTRY ? id : null),
        load: (id) => (id === ENTRY ? `export { useLivingMapFull } from ${JSON.stringify(PACKAGE)};` : null),
      },
    ],
  });
  const chunks = new Map(output.flatMap((one) => (one.type === "chunk" ? [[one.fileName, one]] : [])));
  const needed = new Set([...chunks.values()].filter(({ isEntry }) => isEntry).map(({ fileName }) => fileName));
  for (const name of needed) for (const other of chunks.get(name)?.imports ?? []) needed.add(other);
  return [[...needed].map((name) => chunks.get(name)?.code ?? "").join("")];
}

/** Return the files that the page's HTML names, and those that its scripts import. */
function page(): Buffer[] {
  const html = readFileSync(join(UI, "index.html"), "utf8");
  const assets = readdirSync(join(UI, "assets"));
  const needed = new Set(assets.filter((name) => html.includes(name)));
  for (const name of needed) {
    const code = readFileSync(join(UI, "assets", name), "utf8");
    for (const [, other] of code.matchAll(/(?:from|import)\s*["'`]\.\/([^"'`]+)["'`]/g)) needed.add(other ?? "");
  }
  return [Buffer.from(html), ...[...needed].map((name) => readFileSync(join(UI, "assets", name)))];
}

const sizes = { hook: kilobytes(await hook()), page: kilobytes(page()) };
for (const name of ["hook", "page"] as const) {
  const isTooMuch = !(sizes[name] > 0 && sizes[name] <= MOST_KB[name]);
  process.stdout.write(`${name}: ${sizes[name].toFixed(1)} kB of at most ${MOST_KB[name]}\n`);
  if (isTooMuch) process.exitCode = 1;
}
