import { describe, expect, test } from "vitest";
import { REGISTRY } from "../../../../tests/types.ts";
import type { Item } from "../client/scene.ts";
import { dice } from "../domain/chance.ts";
import { CIVIC, districtOf, type Shape } from "../domain/figure.ts";
import { item, network, sceneOf } from "../domain/testing.ts";
import { Layout } from "./layout.ts";
import { cell, HORIZON } from "./terrain.ts";

const EXTENT = { microdaos: 9, agents: 140, nodes: 30, daos: 4 };

function laid(parts: Record<string, Item[]>): Layout {
  const layout = new Layout(REGISTRY);
  layout.settle(sceneOf(parts));
  return layout;
}

function spots(layout: Layout): Map<string, string> {
  return new Map(
    [...layout.shapes.values()].map((one) => [one.key, `${one.figure.name} ${one.x} ${one.y} ${one.size}`]),
  );
}

function collisions(shapes: Iterable<Shape>): string[] {
  const all = [...shapes].filter((one) => one.figure.name !== "dao").sort((one, other) => one.x - other.x);
  const pairs: string[] = [];
  all.forEach((one, at) => {
    for (let next = at + 1; next < all.length; next += 1) {
      const other = all[next] as Shape;
      if (other.x - one.x > one.size + other.size) {
        break;
      }
      if (Math.hypot(one.x - other.x, one.y - other.y) < (one.size + other.size) * 0.98) {
        pairs.push(`${one.key} and ${other.key}`);
      }
    }
  });
  return pairs;
}

describe("a layout", () => {
  test("is the same for the same scene, whatever the order in which its items are listed", () => {
    const parts = network(EXTENT);
    const shuffled = Object.fromEntries(
      Object.entries(parts).map(([name, items]) => [name, [...items].reverse()]),
    );
    expect(spots(laid(shuffled))).toEqual(spots(laid(parts)));
  });

  test("gives everything a place, and a node two", () => {
    const layout = laid(network(EXTENT));
    const counts: Record<string, number> = {};
    for (const { figure } of layout.shapes.values()) {
      counts[figure.name] = (counts[figure.name] ?? 0) + 1;
    }
    expect(counts).toEqual({
      microdao: 9,
      city: 6,
      agent: 140,
      node: 30,
      "orbit/dao": 30,
      dao: 4,
      proposal: 16,
      channel: 18,
    });
  });

  test("lets nothing stand on another", () => {
    expect(collisions(laid(network(EXTENT)).shapes.values())).toEqual([]);
    expect(collisions(laid(network({ microdaos: 2, agents: 1500, nodes: 90, daos: 1 })).shapes.values())).toEqual(
      [],
    );
  });

  test("keeps the city on dry land and the planets above the horizon", () => {
    const layout = laid(network({ microdaos: 60, agents: 900, nodes: 90, daos: 9 }));
    expect([...layout.city.owners.keys()].filter((key) => cell(key).wet)).toEqual([]);
    for (const { figure, y } of layout.shapes.values()) {
      expect(y < HORIZON).toBe(["dao", "orbit/dao", "proposal"].includes(figure.name));
    }
  });

  test("keeps planets with their orbits apart", () => {
    const systems = [...laid(network({ microdaos: 5, agents: 5, nodes: 200, daos: 25 })).sky.systems.values()];
    for (const one of systems) {
      for (const other of systems) {
        const apart = one === other || Math.hypot(one.x - other.x, one.y - other.y) >= one.room + other.room;
        expect(apart, `${one.id} and ${other.id}`).toBe(true);
      }
    }
  });

  test("never moves what stays, whatever comes, changes and goes", () => {
    const chance = dice(11);
    const parts = network(EXTENT);
    const layout = laid(parts);
    for (let round = 0; round < 60; round += 1) {
      const before = new Map(layout.shapes);
      stir(parts, chance, round);
      layout.settle(sceneOf(parts));
      for (const [key, old] of before) {
        const now = layout.shapes.get(key);
        if (now && now.home === old.home) {
          expect([now.x, now.y, now.size], `${key} in round ${round}`).toEqual([old.x, old.y, old.size]);
        }
      }
      expect(collisions(layout.shapes.values()), `round ${round}`).toEqual([]);
    }
  });

  test("reports only what has changed", () => {
    const parts = network(EXTENT);
    const layout = laid(parts);
    const agents = parts["agents.items"] as Item[];
    agents[3] = { ...(agents[3] as Item), status: "busy" };
    const { put, removed, cells, systems } = layout.settle(sceneOf(parts));
    expect([put.map((one) => one.id), removed, cells.size, systems.size]).toEqual([["agent:3"], [], 0, 0]);
    expect(put[0]?.item.status).toBe("busy");
  });

  test("frees the place of a thing that left, for others", () => {
    const parts = network(EXTENT);
    const layout = laid(parts);
    const old = layout.shapes.get("agent:5") as Shape;
    parts["agents.items"] = (parts["agents.items"] as Item[]).filter((one) => one.id !== "agent:5");
    expect(layout.settle(sceneOf(parts)).removed.map((one) => one.id)).toEqual(["agent:5"]);
    parts["agents.items"].push(
      ...(network({ ...EXTENT, agents: 60 })["agents.items"]?.map((one) => ({
        ...one,
        id: `${one.id}/new`,
        microdao_id: old.home,
      })) ?? []),
    );
    layout.settle(sceneOf(parts));
    const there = [...layout.shapes.values()].find(({ x, y }) => x === old.x && y === old.y);
    expect(there?.id).toMatch(/new$/);
  });

  test("gives a microDAO's ground back once nothing of it is left", () => {
    const parts = {
      "city.items": [item("microdao:a"), item("microdao:b")],
      "agents.items": [item("agent:x", { microdao_id: "microdao:b" })],
    };
    const layout = laid(parts);
    layout.settle(sceneOf({ "city.items": [item("microdao:a")] }));
    expect([...layout.city.quarters.keys()].sort()).toEqual([CIVIC, "microdao:a"]);
    expect(new Set(layout.city.owners.values())).toEqual(new Set([CIVIC, "microdao:a"]));
  });

  test("moves an agent to the microDAO that it joins", () => {
    const parts = network(EXTENT);
    const layout = laid(parts);
    const agents = parts["agents.items"] as Item[];
    agents[0] = { ...(agents[0] as Item), microdao_id: "microdao:3" };
    layout.settle(sceneOf(parts));
    expect(layout.shapes.get("agent:0")?.home).toBe("microdao:3");
  });

  test("lets a node stand that only one of two collections knows, and keeps it when the other one joins", () => {
    const layout = laid({ "space.nodes": [item("node:a", { cpu: 0.5 })] });
    const first = layout.shapes.get("node:a") as Shape;
    expect(first.home).toBe(districtOf("nodes"));
    layout.settle(
      sceneOf({
        "space.nodes": [item("node:a", { cpu: 0.5 })],
        "nodes.items": [item("node:a", { status: "online" })],
      }),
    );
    expect(layout.shapes.get("node:a")).toMatchObject({ x: first.x, y: first.y, item: { status: "online" } });
  });

  test.each([
    ["nothing at all", {}],
    ["no DAOs", { "city.items": [item("microdao:a")] }],
    ["agents without a microDAO", { "agents.items": [item("agent:a"), item("agent:b", { microdao_id: null })] }],
    [
      "agents of a microDAO that nobody knows",
      { "agents.items": [item("agent:a", { microdao_id: "microdao:?" })] },
    ],
    [
      "ids of any letters",
      { "agents.items": [item("agent:👩‍🚀 ї́ \u202e"), item("agent:__proto__"), item("agent:constructor")] },
    ],
    [
      "fields of other types",
      { "space.planets": [item("dao:x", { orbits: { a: 1 }, treasury: "many", microdao_id: 7 })] },
    ],
    ["huge numbers", { "space.planets": [item("dao:x", { treasury: 1e300, orbits: ["node:a", "node:a", 3] })] }],
    ["proposals of an unknown DAO", { "dao.proposals": [item("proposal:a", { dao_id: "dao:?" })] }],
  ] as [string, Record<string, Item[]>][])("bears %s", (_, parts) => {
    const layout = laid(parts);
    const count = Object.values(parts).flat().length;
    expect(layout.shapes.size).toBeGreaterThanOrEqual(count);
    for (const { x, y, size } of layout.shapes.values()) {
      expect([x, y, size].every(Number.isFinite)).toBe(true);
    }
  });

  test("bears one microDAO with five thousand agents", () => {
    const layout = laid(network({ microdaos: 1, agents: 5000, nodes: 1, daos: 1 }));
    expect(collisions(layout.shapes.values())).toEqual([]);
  });
});

/** Let a few things come, go, change and move house. */
function stir(parts: Record<string, Item[]>, chance: () => number, round: number): void {
  const pick = (count: number) => Math.floor(chance() * count);
  for (const name of ["agents.items", "nodes.items", "messaging.channels", "dao.proposals", "city.rooms"]) {
    const items = parts[name] as Item[];
    const type = items[0]?.id.split(":")[0] ?? "x";
    items.splice(pick(items.length), 1);
    for (let fresh = 0; fresh < 3; fresh += 1) {
      const home = { microdao_id: `microdao:${pick(9)}`, dao_id: `dao:${pick(5)}` };
      items.push(item(`${type}:new-${round}-${fresh}`, type === "city" ? {} : home));
    }
    const changed = pick(items.length);
    items[changed] = { ...(items[changed] as Item), status: "busy" };
  }
  if (round % 10 === 4) {
    (parts["city.items"] as Item[]).push(item(`microdao:late-${round}`, { created_at: "2026-01-01T00:00:00Z" }));
  }
  if (round % 20 === 9) {
    (parts["city.items"] as Item[]).shift();
  }
}
