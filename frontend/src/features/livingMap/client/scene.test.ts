import { expect, test } from "vitest";
import { EMPTY_SCENE } from "./scene.ts";

test("the empty scene has no layers", () => {
  expect(EMPTY_SCENE).toEqual({});
});
