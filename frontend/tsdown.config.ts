import { defineConfig } from "tsdown";

/** The npm package @livingmap/react: the client and the hooks, without the page. */
export default defineConfig({
  entry: { index: "src/features/livingMap/index.ts" },
  outDir: "package/dist",
  format: "esm",
  platform: "browser",
  target: "es2022",
  dts: true,
  outExtensions: () => ({ js: ".js", dts: ".d.ts" }),
  deps: { neverBundle: ["react", /^react\//] },
  banner: { js: '"use client";' },
});
