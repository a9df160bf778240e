import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { EMPTY_META } from "../../../../tests/meta.ts";
import type { Change, Message, Snapshot } from "./messages.ts";
import { compareIds, Draft, reduce, sceneOf, snapshotOf, toList } from "./reduce.ts";
import type { Scene } from "./scene.ts";
import { advance, NO_DATA } from "./state.ts";

const ROOT = join(import.meta.dirname, "../../../../..");

type Line = { message: Message; layers?: Snapshot["layers"] };

/** Let the real map live for a while, and return what a viewer is sent and what the snapshot is each time. */
function trace(seed: number, steps: number): Line[] {
  const folder = mkdtempSync(join(tmpdir(), "trace-"));
  try {
    const file = join(folder, "trace.jsonl");
    const program = ["-m", "tests.support.traces", String(seed), String(steps), file];
    execFileSync(join(ROOT, ".venv/bin/python"), program, { cwd: ROOT, stdio: ["ignore", "ignore", "pipe"] });
    return readFileSync(file, "utf8")
      .split("\n")
      .map((line) => JSON.parse(line) as Line);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function layersOf(scene: Scene): Snapshot["layers"] {
  return snapshotOf(scene, EMPTY_META, "").layers;
}

function uncached(scene: Scene): string {
  return JSON.stringify(scene, (_, value: unknown) => (value instanceof Map ? [...value] : value));
}

/** As text: the order of items counts, and `__proto__` is a name like any other. */
function text(layers: Snapshot["layers"]): string {
  return JSON.stringify(layers, (_, value: unknown) =>
    value !== null && typeof value === "object" && !Array.isArray(value)
      ? Object.entries(value).sort(([one], [other]) => compareIds(one, other))
      : value,
  );
}

describe("what the real map sends", () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  const lines = trace(seed, 400);

  test(`after every message the state is the map's snapshot (seed ${seed})`, () => {
    let data = NO_DATA;
    let compared = 0;
    for (const { message, layers } of lines) {
      [data] = advance(data, [message], 10);
      if (!layers) continue;
      compared++;
      if (text(layersOf(data.scene)) !== text(layers)) expect(layersOf(data.scene)).toEqual(layers);
      expect(text(layersOf(data.scene))).toBe(text(layers));
    }
    expect(compared).toBeGreaterThan(100);
    expect(new Set(lines.map(({ message }) => message.kind))).toEqual(new Set(["snapshot", "event", "changes"]));
  });

  test(`messages that come in one frame come to the same (seed ${seed})`, () => {
    const all = lines.map(({ message }) => message);
    let [one, many] = [NO_DATA, NO_DATA];
    for (let at = 0; at < all.length; ) {
      const size = 1 + ((at * 7) % 23);
      [many] = advance(many, all.slice(at, at + size), 10);
      at += size;
    }
    for (const message of all) [one] = advance(one, [message], 10);
    expect(many).toEqual(one);
  });

  test(`nothing that was handed out ever changes (seed ${seed})`, () => {
    let data = NO_DATA;
    const before: [Scene, string][] = [];
    for (const { message } of lines) {
      [data] = advance(data, [message], 10);
      if (before.length < 50) before.push([data.scene, uncached(data.scene)]);
    }
    for (const [scene, said] of before) expect(uncached(scene)).toBe(said);
  });
});

const SCENE = sceneOf({
  generated_at: "",
  meta: EMPTY_META,
  layers: {
    city: { health: "green", items: [{ id: "microdao:a", name: "A" }], rooms: [] },
    agents: {
      items: [
        { id: "agent:b", name: "B" },
        { id: "agent:d", name: "D" },
      ],
    },
  },
});

function put(id: string, set: Record<string, string>): Change {
  return { op: "put", layer: "agents", collection: "items", id, set, unset: [] };
}

describe("a scene", () => {
  test("shares what a change does not touch", () => {
    const after = reduce(SCENE, [put("agent:b", { name: "Bo" })]);
    expect(after.agents?.collections.items?.get("agent:b")).toEqual({ id: "agent:b", name: "Bo" });
    expect(after.city).toBe(SCENE.city);
    expect(after.agents?.totals).toBe(SCENE.agents?.totals);
    expect(after.agents?.collections.items?.get("agent:d")).toBe(SCENE.agents?.collections.items?.get("agent:d"));
    expect(SCENE.agents?.collections.items?.get("agent:b")).toEqual({ id: "agent:b", name: "B" });
  });

  test("stays itself without changes", () => {
    expect(reduce(SCENE, [])).toBe(SCENE);
  });

  test("keeps items in order of id", () => {
    const after = reduce(SCENE, [put("agent:c", {}), put("agent:a", {}), put("agent:d", { name: "d" })]);
    expect([...(after.agents?.collections.items?.keys() ?? [])]).toEqual([
      "agent:a",
      "agent:b",
      "agent:c",
      "agent:d",
    ]);
  });

  test("copies a collection once, however many changes come", () => {
    const draft = new Draft(SCENE);
    const copies = countMaps(() => {
      for (let at = 0; at < 1000; at++) draft.apply(put("agent:b", { name: String(at) }));
      draft.finish();
    });
    expect(copies).toBe(1);
  });

  test("gives the same list for the same collection, and a new one after a change", () => {
    const items = SCENE.agents?.collections.items ?? new Map();
    expect(toList(items)).toBe(toList(items));
    expect(toList(reduce(SCENE, [put("agent:b", { name: "x" })]).agents?.collections.items ?? items)).not.toBe(
      toList(items),
    );
  });
});

function countMaps(work: () => void): number {
  const Original = globalThis.Map;
  let count = 0;
  globalThis.Map = class<K, V> extends Original<K, V> {
    constructor(entries?: Iterable<readonly [K, V]> | null) {
      super(entries);
      if (entries) count++;
    }
  } as MapConstructor;
  try {
    work();
  } finally {
    globalThis.Map = Original;
  }
  return count;
}
