import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const map = process.env.LIVINGMAP_URL ?? "http://127.0.0.1:7017";

export default defineConfig({
  plugins: [react()],
  base: "./",
  build: {
    outDir: "../livingmap/_ui",
    emptyOutDir: true,
    sourcemap: false,
    target: "es2022",
    modulePreload: { polyfill: false },
  },
  server: { proxy: { "/living-map": { target: map, ws: true } } },
  test: {
    // Some start a real map: a busy machine is given time, and one that hangs ends all the same.
    hookTimeout: 120_000,
    testTimeout: 120_000,
    environmentOptions: { happyDOM: { settings: { fetch: { disableSameOriginPolicy: true } } } },
    include: ["src/**/*.test.{ts,tsx}", "tests/**/*.test.{ts,tsx}"],
  },
});
