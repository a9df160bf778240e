import { describe, expect, test } from "vitest";
import { REGISTRY } from "../../../../tests/types.ts";
import { hauntedBy } from "./ghosts.ts";
import { item, sceneOf } from "./testing.ts";

const calm = item("node:calm", { status: "online" });
const THEN = sceneOf({
  "nodes.items": [calm, item("node:ill", { status: "error" }), item("node:gone", { status: "online" })],
  "agents.items": [item("agent:busy", { status: "online", tasks: 3 })],
});
const NOW = sceneOf({
  "nodes.items": [calm, item("node:ill", { status: "online" }), item("node:new", { status: "online" })],
  "agents.items": [item("agent:busy", { status: "online", tasks: 9 })],
});

describe("what is otherwise now", () => {
  const { scene, ghosts } = hauntedBy(THEN, NOW, REGISTRY);

  test("is what came, what went, and what has another status", () => {
    expect(Object.fromEntries(ghosts)).toEqual({
      "node:ill": { kind: "changed", now: "online" },
      "node:gone": { kind: "gone" },
      "node:new": { kind: "absent" },
    });
  });

  test("keeps its place: what is there only now is on the map of then, too", () => {
    expect([...(scene.nodes?.collections.items?.keys() ?? [])]).toEqual([
      "node:calm",
      "node:ill",
      "node:gone",
      "node:new",
    ]);
    expect(scene.nodes?.collections.items?.get("node:ill")?.status).toBe("error");
    expect(scene.agents?.collections.items).toBe(THEN.agents?.collections.items);
  });

  test("is nothing where then is now", () => {
    expect(hauntedBy(NOW, NOW, REGISTRY).ghosts.size).toBe(0);
  });
});
