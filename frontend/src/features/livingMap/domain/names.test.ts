import { expect, test } from "vitest";
import { EMPTY_META } from "../../../../tests/meta.ts";
import { REGISTRY } from "../../../../tests/types.ts";
import { reduce, sceneOf } from "../client/reduce.ts";
import { catalogue } from "./catalogue.ts";
import { fullName } from "./names.ts";

const VOTE = "vote:3f2a9c1b-7d40-4c1e-9a52-0b6d1e8f7a33";
const PROPOSAL = "proposal:8c0d5a10-1111-4c1e-9a52-0b6d1e8f7a33";
const SCENE = sceneOf({
  generated_at: "",
  meta: EMPTY_META,
  layers: {
    space: { planets: [{ id: "dao:oak", name: "Oak Trust" }] },
    dao: {
      proposals: [{ id: PROPOSAL, title: "Extend the harbour", dao_id: "dao:oak" }],
      votes: [{ id: VOTE, proposal_id: PROPOSAL }],
      treasury: [{ id: "treasury:oak/SILT", dao_id: "dao:oak" }],
    },
  },
});
const name = (id: string, scene = SCENE, place?: string) => {
  const item = REGISTRY.find(scene, id)?.item;
  return item && fullName(item, scene, REGISTRY, place);
};

test("what has a name is called by it, and what has none by what it stands in", () => {
  expect(name(PROPOSAL)).toBe("Extend the harbour");
  expect(name(VOTE)).toBe("3f2a9c1b · Extend the harbour");
  expect(name("treasury:oak/SILT")).toBe("SILT · Oak Trust");
});

test("beside what it stands in, that goes without saying", () => {
  expect(name(VOTE, SCENE, PROPOSAL)).toBe("3f2a9c1b");
  expect(name("treasury:oak/SILT", SCENE, "dao:oak")).toBe("SILT");
});

test("a vote on what the map does not have is called by the beginning of its id", () => {
  const alone = reduce(SCENE, [{ op: "drop", layer: "dao", collection: "proposals", id: PROPOSAL }]);
  expect(name(VOTE, alone)).toBe("3f2a9c1b");
});

test("the catalogue follows the name of what a thing stands in", () => {
  const labelIn = (scene: typeof SCENE) => catalogue(scene, REGISTRY).find(({ id }) => id === VOTE)?.label;
  expect(labelIn(SCENE)).toBe("3f2a9c1b · Extend the harbour");
  const set = { title: "Deepen the harbour" };
  const put = { op: "put", layer: "dao", collection: "proposals", id: PROPOSAL, set, unset: [] } as const;
  expect(labelIn(reduce(SCENE, [put]))).toBe("3f2a9c1b · Deepen the harbour");
});
