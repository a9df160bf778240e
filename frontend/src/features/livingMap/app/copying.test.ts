// @vitest-environment happy-dom
import { afterEach, expect, test, vi } from "vitest";
import { copyText } from "./copying.ts";

afterEach(() => vi.unstubAllGlobals());

test.each([undefined, { writeText: () => Promise.reject(new Error("not allowed")) }])(
  "a text is copied without the clipboard of a secure page (%o)",
  async (clipboard) => {
    vi.stubGlobal("navigator", { clipboard });
    const copied: string[] = [];
    document.execCommand = () => copied.push(document.querySelector("textarea")?.value ?? "") > 0;
    expect(await copyText("http://map.example.org/?select=a:b")).toBe(true);
    expect(copied).toEqual(["http://map.example.org/?select=a:b"]);
    expect(document.querySelector("textarea")).toBeNull();
    document.execCommand = () => false;
    expect(await copyText("x")).toBe(false);
  },
);
