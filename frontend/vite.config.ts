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
    environmentOptions: { happyDOM: { settings: { fetch: { disableSameOriginPolicy: true } } } },
    include: ["src/**/*.test.{ts,tsx}", "tests/**/*.test.{ts,tsx}"],
  },
});
