// @vitest-environment happy-dom
import { cleanup, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { REGISTRY } from "../../../../tests/types.ts";
import type { Sample, Series } from "../domain/series.ts";
import { Live } from "./Live.tsx";

const END = Date.parse("2026-11-29T02:00:00Z");
const KIND = REGISTRY.kindOf("node");
const FIELD = { name: "load", label: "load", kind: "ratio", unit: "", table: true } as const;

const page = vi.hoisted(() => ({ asked: {}, samples: new Map<string, readonly unknown[]>() }));
vi.mock("./asked.ts", () => ({ useAsked: () => page.asked, useLast: (answer: unknown) => answer }));
vi.mock("./samples.ts", () => ({ useSamples: () => page.samples }));
vi.mock("./moment.ts", () => ({
  DAY: 86_400_000,
  textOf: String,
  usePast: () => false,
  useStretch: (span: number) => [END - span, END],
}));
vi.mock("./Chart.tsx", () => ({ Chart: () => <figure /> }));

beforeEach(() => {
  page.samples = new Map();
});
afterEach(cleanup);

const answered = (...means: number[]): { answer: Series; error: null } => {
  const points = means.map((mean, at) => {
    const time = new Date(END - (means.length - at) * 3_600_000).toISOString();
    return { time, min: mean, mean, max: mean };
  });
  return { answer: { points, gaps: [] }, error: null };
};
const samples = (...values: number[]): readonly Sample[] =>
  values.map((value, at) => ({ at: END + at * 1000, value }));
const live = (id = "node:a") => (
  <Live id={id} kind={KIND} values={new Map([[FIELD, 0.5]])} marks={[]} sources={{}} />
);
const hasRoom = () => document.querySelector(".live-value")?.classList.contains("has-chart");

test("a value that changes for the first time while it is read has its chart when its thing is shown next", () => {
  page.asked = answered(0.5, 0.5);
  const { rerender } = render(live());
  expect(hasRoom()).toBe(false);
  page.samples = new Map([["load", samples(0.5, 0.7)]]);
  rerender(live());
  expect([hasRoom(), screen.queryByRole("figure")]).toEqual([false, null]);
  rerender(live("node:b"));
  expect(hasRoom()).toBe(true);
  screen.getByRole("figure");
});

test.each([
  [0.5, "As far as it is recorded, it stayed the same."],
  [0.7, "Too little is recorded for a chart."],
])("of a single step no more is said than is known: up to %d", (max, text) => {
  page.asked = { answer: null, error: null };
  const { rerender } = render(live());
  const time = new Date(END - 1000).toISOString();
  page.asked = { answer: { points: [{ time, min: 0.5, mean: 0.5, max }], gaps: [] }, error: null };
  rerender(live());
  screen.getByText(text);
});

test("a value that has changed before has its chart with the answer", () => {
  page.asked = answered(0.5, 0.7);
  render(live());
  expect(hasRoom()).toBe(true);
  screen.getByRole("figure");
});
