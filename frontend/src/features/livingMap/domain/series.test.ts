import { expect, test } from "vitest";
import { beginOf, columnsOfSeries, hasLength, hasMoved, rangesOf, type Series, unknownIn } from "./series.ts";

const at = (minute: number) => `2026-11-29T12:${String(minute).padStart(2, "0")}:00Z`;
const ms = (minute: number) => Date.parse(at(minute));
const point = (minute: number, mean: number) => ({ time: at(minute), min: mean - 1, mean, max: mean + 1 });
const still = (minute: number) => ({ time: at(minute), min: 5, mean: 5, max: 5 });

test("a chart goes on with what was seen since", () => {
  const series: Series = { points: [point(0, 5), point(1, 6)], gaps: [] };
  const { times, mean, low, high } = columnsOfSeries(series, [
    { at: ms(1), value: 99 },
    { at: ms(2), value: 7 },
  ]);
  expect(times).toEqual([0, 1, 2].map((one) => ms(one) / 1000));
  expect([mean, low, high]).toEqual([
    [5, 6, 7],
    [4, 5, 7],
    [6, 7, 7],
  ]);
});

test("what is not known is a gap", () => {
  const series: Series = { points: [still(0), still(1), still(3)], gaps: [{ since: at(1), until: at(3) }] };
  expect(columnsOfSeries(series, []).mean).toEqual([5, null, 5]);
});

test("what was seen is a chart where there is no series", () => {
  expect(columnsOfSeries(null, [{ at: ms(0), value: 3 }]).mean).toEqual([3]);
});

test("a number that was never another one has not moved", () => {
  expect(
    hasMoved(columnsOfSeries({ points: [still(0), still(2)], gaps: [{ since: at(1), until: at(2) }] }, [])),
  ).toBe(false);
  expect(hasMoved(columnsOfSeries({ points: [point(0, 5)], gaps: [] }, []))).toBe(true);
  expect(hasMoved(columnsOfSeries(null, []))).toBe(false);
});

const MINUTE = 60_000;

test("a number that came in the last step has no line in the past", () => {
  const steps = { from: ms(0), size: MINUTE };
  expect(hasLength(columnsOfSeries({ points: [point(5, 7)], gaps: [] }, [], steps))).toBe(false);
  expect(hasLength(columnsOfSeries({ points: [point(5, 7), point(6, 7)], gaps: [] }, [], steps))).toBe(true);
});

const STEPS = { from: ms(0), size: MINUTE };

test("a line begins when the number was there, not with the step in which it came", () => {
  const series: Series = { points: [point(5, 7), point(6, 8)], gaps: [] };
  expect(columnsOfSeries(series, [], STEPS).times[0]).toBe(ms(6) / 1000);
  const columns = columnsOfSeries({ points: [point(5, 7)], gaps: [] }, [{ at: ms(5) + 9000, value: 7 }], STEPS);
  expect(columns.times[0]).toBe((ms(5) + 9000) / 1000);
  expect(unknownIn(columns, ms(0), ms(7))).toEqual([{ since: ms(0), until: ms(5) + 9000 }]);
});

test("steps that are left out are no flat line", () => {
  const columns = columnsOfSeries({ points: [point(0, 5), point(1, 6), point(4, 6)], gaps: [] }, [], STEPS);
  expect(columns.mean).toEqual([5, 6, null, 6, 6]);
  expect(unknownIn(columns, ms(0), ms(5))).toEqual([{ since: ms(2), until: ms(4) }]);
});

test("numbers of one measure share their range, unless one would be a flat line", () => {
  const extent = (measure: string, low: number, high: number) => ({ measure, first: 0, low, high });
  const ranges = rangesOf(
    new Map([
      ["net_in", extent("number", 20, 90)],
      ["net_out", extent("number", 10, 30)],
      ["calls", extent("number", 1, 2)],
      ["latency", extent("number ms", 50, 60)],
    ]),
  );
  expect(Object.fromEntries(ranges)).toEqual({
    net_in: [10, 90],
    net_out: [10, 90],
    calls: [1, 2],
    latency: [50, 60],
  });
});

test("a chart begins with its span, or a little before anything is known", () => {
  expect(beginOf(0, 100, 50)).toBe(50);
  expect(beginOf(80, 100, 50)).toBe(70);
});
