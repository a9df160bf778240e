import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { defineConfig } from "tsdown";

const MODULES = join(import.meta.dirname, "node_modules");

/** The npm package @livingmap/react: the client and the hooks, and the map as a component; without the page. */
export default defineConfig({
  entry: { index: "src/features/livingMap/index.ts", map: "src/features/livingMap/map.ts" },
  outDir: "package/dist",
  format: "esm",
  platform: "browser",
  target: "es2022",
  dts: true,
  outExtensions: () => ({ js: ".js", dts: ".d.ts" }),
  // what is checked in development alone, the app's own build decides
  define: { "process.env.NODE_ENV": "process.env.NODE_ENV" },
  // what draws comes along: pixi.js is large to install for those who only use the hooks
  deps: { neverBundle: [/^react(-dom)?(\/|$)/], alwaysBundle: [/./], onlyBundle: false },
  banner: { js: '"use client";' },
  plugins: [
    {
      name: "licences",
      generateBundle: ({ dir = "." }, bundle) => {
        mkdirSync(dir, { recursive: true });
        writeFileSync(join(dir, "LICENSES.txt"), licencesOf(bundle));
      },
    },
  ],
});

/** Return the licences of the libraries that are in the package. */
function licencesOf(bundle: Readonly<Record<string, object>>): string {
  const files = Object.values(bundle).flatMap((chunk) =>
    "moduleIds" in chunk ? (chunk.moduleIds as string[]) : [],
  );
  const names = files.flatMap((file) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? []);
  return [...new Set(names)].sort().map(licenceOf).join("\n\n");
}

function licenceOf(name: string): string {
  const file = readdirSync(join(MODULES, name)).find((one) => /^licen[cs]e/i.test(one));
  const { license } = JSON.parse(readFileSync(join(MODULES, name, "package.json"), "utf8"));
  return `${name}\n\n${file ? readFileSync(join(MODULES, name, file), "utf8") : license}`;
}
