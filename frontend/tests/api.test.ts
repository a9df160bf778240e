// @vitest-environment node
import { afterAll, beforeAll, expect, test } from "vitest";
import { EventTexts, MapClient, MapError, sceneOf } from "../src/features/livingMap/index.ts";
import { type RealMap, startMap } from "./server.ts";

let living: RealMap;
let map: MapClient;

beforeAll(async () => {
  living = await startMap(5);
  map = new MapClient({ url: living.url });
  const isRead = async () => {
    const { sources } = (await map.snapshot()).meta;
    const { items } = await map.totals({ type: "agent", field: "usage.tokens_24h" });
    return sources.length === 7 && sources.every(({ status }) => status === "mock") && items.length > 2;
  };
  while (!(await isRead())) await new Promise((resolve) => setTimeout(resolve, 100));
});
afterAll(() => living.stop());

test("a number of all agents is added up, and by their microDAOs", async () => {
  const totals = await map.totals({ type: "agent", field: "usage.tokens_24h", by: "microdao_id", from: "-1h" });
  expect(totals).toMatchObject({ type: "agent", field: "usage.tokens_24h", by: "microdao_id" });
  expect(totals.items.map(({ id }) => id)).toContainEqual(expect.stringMatching(/^microdao:/));
  const sum = totals.items.reduce((all, { now }) => all + (now ?? 0), 0);
  expect(totals.more).toBe(0);
  expect(sum).toBeCloseTo(totals.now ?? -1);
});

test("of only some things, named in a list, and from a date on", async () => {
  const agents = (await map.totals({ type: "agent", field: "usage.tokens_24h" })).items.slice(0, 2);
  const only = agents.flatMap(({ id }) => id ?? []);
  const from = new Date(Date.now() - 60_000);
  const totals = await map.totals({ type: "agent", field: "usage.tokens_24h", only, from, limit: 5 });
  expect(totals.items.map(({ id }) => id).sort()).toEqual(only.sort());
  expect(Date.parse(totals.from)).toBe(from.getTime());
});

test("what does not add up is refused with the code of the map", async () => {
  const refused = map.totals({ type: "agent", field: "name" });
  await expect(refused).rejects.toBeInstanceOf(MapError);
  await expect(refused).rejects.toMatchObject({ status: 422 });
});

test("the catalogue and the history come page by page, as far as the loop goes", async () => {
  const ids: string[] = [];
  for await (const { id } of map.entities({ type: "agent", limit: 7 })) ids.push(id);
  expect(ids).toHaveLength(30);
  expect(ids).toEqual([...ids].sort());
  for await (const { event_type } of map.history({ limit: 2 })) {
    expect(event_type).not.toBe("");
    break;
  }
});

test("the rest of the API answers, in a language", async () => {
  const [node] = (await map.snapshot<{ nodes: { items: { id: string }[] } }>({ layers: ["nodes"] })).layers.nodes
    .items;
  const id = node?.id ?? "";
  expect((await map.entity(id)).id).toBe(id);
  expect((await map.series({ entity_id: id, field: "metrics.cpu" })).points).toBeInstanceOf(Array);
  expect((await map.timeline({ points: 3 })).troubles).toBeInstanceOf(Array);
  const from = (await map.snapshot()).meta.cursor;
  expect((await map.diff({ from, summary: true })).summary).not.toBeNull();
  expect((await map.problems({ severity: "critical" }, { lang: "uk" })).items).toBeInstanceOf(Array);
  const labels = (await map.types({ lang: "uk" })).types.map(({ label }) => label);
  expect(labels).toContain("Агент");
});

test("a problem that nobody has is not acknowledged", async () => {
  await expect(map.acknowledge("0000000000000000", { note: "seen" })).rejects.toMatchObject({ status: 404 });
});

test("an event is said in words, with the names that things have", async () => {
  const scene = sceneOf(await map.snapshot());
  const [agent] = scene.agents?.collections.items?.values() ?? [];
  const event = { event_type: "agent.event.status", payload: { agent_id: agent?.id ?? "" }, changes: [] };
  const said = (await EventTexts.of(map, "uk")).sentence(
    { ...event, payload: { ...event.payload, status: "busy" } },
    scene,
  );
  expect(said).toContain(String(agent?.name));
  expect(new EventTexts([]).sentence({ ...event, payload: { name: "Sofia" } }, scene)).toBe(
    "Sofia: agent event status",
  );
});
