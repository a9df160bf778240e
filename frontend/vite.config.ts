import { join } from "node:path";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const map = process.env.LIVINGMAP_URL ?? "http://127.0.0.1:7017";
const react18 = join(import.meta.dirname, "tests/react18/node_modules");
const ofReact = "tests/react/**/*.test.tsx";

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
    hookTimeout: 240_000,
    testTimeout: 240_000,
    environmentOptions: { happyDOM: { settings: { fetch: { disableSameOriginPolicy: true } } } },
    projects: [
      {
        extends: true,
        test: {
          name: "page",
          include: ["src/**/*.test.{ts,tsx}", "tests/**/*.test.{ts,tsx}"],
          exclude: [ofReact],
        },
      },
      { extends: true, test: { name: "react 19", include: [ofReact], provide: { react: "19." } } },
      {
        extends: true,
        resolve: { alias: { react: join(react18, "react"), "react-dom": join(react18, "react-dom") } },
        test: { name: "react 18.3", include: [ofReact], provide: { react: "18.3." } },
      },
    ],
  },
});

declare module "vitest" {
  export interface ProvidedContext {
    /** What the version of React begins with. */
    react: string;
  }
}
