// @vitest-environment happy-dom
import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";
import { REGISTRY } from "../../../../tests/types.ts";
import { item, sceneOf } from "../domain/testing.ts";
import type { Totals } from "../domain/totals.ts";
import { TrendItems } from "./TrendItems.tsx";

vi.mock("./Chart.tsx", () => ({ Chart: () => <figure /> }));
afterEach(cleanup);

const FROM = Date.parse("2026-11-29T02:00:00Z");
const TREND = { kind: REGISTRY.kindOf("model"), field: REGISTRY.kindOf("model").fields[1], by: "", hours: 1 };
const SCENE = sceneOf({ "usage.models": [item("model:a", { name: "Alpha" })] });

/** Return the totals of a thing that came to some numbers, an hour after another. */
function totals(...numbers: number[]): Totals {
  const points = numbers.map((total, at) => ({
    time: new Date(FROM + at * 3_600_000).toISOString(),
    total,
    known: 1,
  }));
  const one = { id: "model:a", now: numbers.at(-1), known: 1, things: 1, points, usual: null, unusual: false };
  const [from, to] = [new Date(FROM), new Date(FROM + 86_400_000)].map((moment) => moment.toISOString());
  return { ...one, items: [one], from, to, step_seconds: 3600, gaps: [] } as unknown as Totals;
}
const list = (answer: Totals) => (
  <TrendItems items={answer.items} totals={answer} trend={TREND as never} scene={SCENE} />
);
const open = () => fireEvent.click(screen.getByRole("button", { name: /Alpha/, expanded: false }));

test("a number that begins to move while it is read has its chart when it is opened next", () => {
  const { rerender } = render(list(totals(5, 5)));
  open();
  rerender(list(totals(5, 5, 7)));
  expect(screen.queryByRole("figure")).toBeNull();
  fireEvent.click(screen.getByRole("button", { name: /Alpha/, expanded: true }));
  open();
  screen.getByRole("figure");
});
