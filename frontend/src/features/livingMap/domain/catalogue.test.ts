import { expect, test } from "vitest";
import { EMPTY_META } from "../../../../tests/meta.ts";
import { REGISTRY } from "../../../../tests/types.ts";
import { reduce, sceneOf } from "../client/reduce.ts";
import { languageOf } from "../i18n/i18n.tsx";
import { catalogue, listed, matches } from "./catalogue.ts";
import { loadOf } from "./loads.ts";
import { problemsOf } from "./problems.ts";
import { relationsOf } from "./relations.ts";
import { valuesOf } from "./values.ts";

const ENGLISH = languageOf("en");
const SCENE = sceneOf({
  generated_at: "",
  meta: EMPTY_META,
  layers: {
    city: { items: [{ id: "microdao:a", name: "Amber" }], rooms: [{ id: "city:b", name: "Bridge" }] },
    agents: {
      items: [
        { id: "agent:10", name: "Agent 10", microdao_id: "microdao:a", usage: { llm_calls_24h: 4 } },
        { id: "agent:9", name: "Agent 9", microdao_id: "microdao:a", status: "degraded" },
      ],
    },
    nodes: {
      items: [
        { id: "node:1", name: "One", status: "offline", metrics: { cpu: 0.99 } },
        { id: "node:2", name: "Two", status: "online", metrics: { cpu: 0.2, gpu: 0.95 }, alerts: ["hot"] },
      ],
    },
    space: { nodes: [{ id: "node:1", name: "One" }], planets: [{ id: "dao:d", orbits: ["node:1"] }] },
  },
});

const NONE = { q: "", type: "", status: "", layer: "" };
const ids = (entities: readonly { id: string }[]) => entities.map(({ id }) => id);

test("everything is listed once, by what it is and then by name", () => {
  const order = ["microdao:a", "dao:d", "node:1", "node:2", "agent:9", "agent:10", "city:b"];
  expect(ids(listed(catalogue(SCENE, REGISTRY), REGISTRY))).toEqual(order);
});

test("a list follows names, and what changed otherwise is in its place", () => {
  const put = (id: string, set: Record<string, string>) =>
    ({ op: "put", layer: "agents", collection: "items", id, set, unset: [] }) as const;
  const busy = listed(catalogue(reduce(SCENE, [put("agent:9", { status: "busy" })]), REGISTRY), REGISTRY);
  expect(busy.find(({ id }) => id === "agent:9")?.status).toBe("busy");
  const renamed = listed(
    catalogue(reduce(SCENE, [put("agent:9", { name: "Zoe" }), put("agent:7", { name: "Ann" })]), REGISTRY),
    REGISTRY,
  );
  expect(ids(renamed).slice(-4)).toEqual(["agent:10", "agent:7", "agent:9", "city:b"]);
});

test.each([
  [{ q: "AGENT 9" }, ["agent:9"]],
  [{ q: "аgént 9" }, ["agent:9"]],
  [{ q: "o" }, ["node:1", "microdao:a", "dao:d", "node:2"]],
  [{ type: "node", status: "offline" }, ["node:1"]],
  [{ layer: "city" }, ["microdao:a", "city:b"]],
  [{ q: "nothing like it" }, []],
])("a search for %o finds %o", (filters, expected) => {
  expect(ids(matches(listed(catalogue(SCENE, REGISTRY), REGISTRY), { ...NONE, ...filters }))).toEqual(expected);
});

test("loads and values are what a thing reports, and nothing where it reports none", () => {
  const [one] = matches(catalogue(SCENE, REGISTRY), { ...NONE, q: "one" });
  const [agent] = matches(catalogue(SCENE, REGISTRY), { ...NONE, q: "agent 10" });
  const valuesIn = (given: typeof one) =>
    given && [...valuesOf(given.item, REGISTRY.kindOf(given.type))].map(([{ name }, value]) => [name, value]);
  expect(one && [loadOf(one.item), valuesIn(one)]).toEqual([0.99, [["metrics.cpu", 0.99]]]);
  expect(agent && [loadOf(agent.item), valuesIn(agent)]).toEqual([undefined, [["usage.llm_calls_24h", 4]]]);
});

test("problems are listed, the gravest first; a machine that is offline has no load", () => {
  const down = {
    name: "dao",
    service: "dao-service",
    status: "down",
    observed_at: null,
    age_seconds: null,
    error: "no",
  } as const;
  const problems = problemsOf(SCENE, [down], REGISTRY).map(({ key, tone }) => `${tone} ${key}`);
  expect(problems).toEqual([
    "bad source dao",
    "bad node:1 status",
    "bad node:2 load",
    "warn agent:9 status",
    "warn node:2 alert 0",
  ]);
});

test("an id that several things claim is a problem of each of them", () => {
  const claims = ["node:1", "agent:9", "dao:nobody"].map((id) => ({ id, namespace: "slug" }));
  const collision = { id: "node:one", refers_to: "node:1", claims };
  const keys = problemsOf(SCENE, [], REGISTRY, [collision]).filter(({ what }) => what.kind === "collision");
  expect(keys.map(({ key, tone, what }) => [key, tone, what.text])).toEqual([
    ["agent:9 collision node:one", "warn", "node:one"],
    ["node:1 collision node:one", "warn", "node:one"],
  ]);
});

test("relations go both ways", () => {
  const amber = catalogue(SCENE, REGISTRY).find(({ id }) => id === "microdao:a");
  const node = catalogue(SCENE, REGISTRY).find(({ id }) => id === "node:1");
  expect(amber && relationsOf(SCENE, amber.item, REGISTRY, ENGLISH)).toEqual([
    { label: "agents", ids: ["agent:10", "agent:9"] },
  ]);
  expect(node && relationsOf(SCENE, node.item, REGISTRY, ENGLISH)).toEqual([{ label: "DAOs", ids: ["dao:d"] }]);
});
