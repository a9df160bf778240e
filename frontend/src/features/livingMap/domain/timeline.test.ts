import { describe, expect, test } from "vitest";
import { reach } from "../client/time.ts";
import {
  barsOf,
  grainOf,
  momentAt,
  type Span,
  shareOf,
  spanFor,
  spansFor,
  stopAfter,
  stopBefore,
  stopsOf,
  type Timeline,
  ticksOf,
  troublesAt,
} from "./timeline.ts";

const at = (clock: string) => Date.parse(`2026-11-29T${clock}:00Z`);
const iso = (clock: string) => `2026-11-29T${clock}:00Z`;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

const trouble = (id: string, began: string, ended: string | null, severity: "warning" | "critical") => ({
  entity_id: id,
  type: "node",
  kind: "status" as const,
  label: id,
  status: "offline",
  severity,
  began: iso(began),
  ended: ended && iso(ended),
});

const TIMELINE: Timeline = {
  from: iso("10:00"),
  to: iso("14:00"),
  oldest: iso("10:00"),
  points: [
    { time: iso("10:00"), changes: 0, troubled: 0, worst: null },
    { time: iso("11:00"), changes: 9, troubled: 1, worst: "warning" },
    { time: iso("12:00"), changes: 99, troubled: 2, worst: "critical" },
    { time: iso("13:00"), changes: null, troubled: 8, worst: null },
  ],
  gaps: [],
  troubles: [
    trouble("node:a", "11:00", "13:00", "warning"),
    trouble("node:b", "12:00", null, "critical"),
    trouble("node:c", "12:00", "12:30", "warning"),
  ],
};
const SPAN: Span = { from: at("10:00"), to: at("14:00") };

describe("a moment", () => {
  test("at which something has happened is not before it", () => {
    const of = (time: string) => new Date(reach(time)).toISOString();
    expect(of("2026-11-29T02:10:00.123456Z")).toBe("2026-11-29T02:10:00.124Z");
    expect(of("2026-11-29T02:10:00.123000Z")).toBe("2026-11-29T02:10:00.123Z");
    expect(of("2026-11-29T02:10:00Z")).toBe("2026-11-29T02:10:00.000Z");
  });

  test("lies in its span, never beyond", () => {
    expect([at("09:00"), at("11:00"), at("15:00")].map((one) => shareOf(one, SPAN))).toEqual([0, 0.25, 1]);
  });

  test("is found again from where it lies", () => {
    expect(momentAt(shareOf(at("11:17"), SPAN), SPAN)).toBe(at("11:17"));
  });

  test("is no finer than can be pointed at", () => {
    expect(momentAt(0.12345, SPAN) % 60_000).toBe(0);
    expect(grainOf({ from: 0, to: 30 * DAY })).toBe(HOUR);
    expect(grainOf({ from: 0, to: 5 * 60_000 })).toBe(1000);
  });

  test("of days ago shows as many days", () => {
    expect([0, 20 * HOUR, 3 * DAY, 900 * DAY].map((ago) => spanFor(ago) / DAY)).toEqual([1, 1, 7, 365]);
  });

  test("is chosen among spans that are kept", () => {
    expect(spansFor(5 * HOUR).map((span) => span / HOUR)).toEqual([1, 6]);
  });
});

describe("the river", () => {
  test("is as high as so much happened, and as wide as it is long", () => {
    const bars = barsOf(TIMELINE, SPAN);
    expect(bars.map(({ wide }) => wide)).toEqual([0.25, 0.25, 0.25, 0.25]);
    expect(bars.map(({ worst }) => worst)).toEqual([null, "warning", "critical", null]);
    const [low = 0, half = 0, high = 0, unknown = 0] = bars.map((bar) => bar.high);
    expect(low).toBeLessThan(half);
    expect(half).toBeGreaterThan(0.5);
    expect([high, unknown]).toEqual([1, 1]);
  });

  test("is tinted as deep as many things are in trouble", () => {
    const [none = 0, one = 0, two = 0, eight = 0] = barsOf(TIMELINE, SPAN).map(({ deep }) => deep);
    expect(none).toBe(0);
    expect(one).toBeLessThan(two);
    expect(two).toBeLessThan(eight);
    expect(eight).toBeLessThan(0.5);
  });

  test("stops once at what comes and goes", () => {
    const flaps = ["11:05", "11:10", "11:15"].map((began, n) =>
      trouble("node:f", began, `11:${String(9 + n * 5).padStart(2, "0")}`, "warning"),
    );
    const again = trouble("node:f", "13:00", null, "warning");
    expect(stopsOf({ ...TIMELINE, troubles: [...flaps, again] })).toEqual([at("11:05"), at("13:00")]);
  });

  test("has nothing where nothing is known", () => {
    const [first, ...others] = TIMELINE.points;
    const unknown = first ? [{ ...first, troubled: null }, ...others] : [];
    expect(barsOf({ ...TIMELINE, points: unknown }, SPAN).map(({ at: where }) => where)).toEqual([
      0.25, 0.5, 0.75,
    ]);
  });

  test("leads from trouble to trouble", () => {
    const stops = stopsOf(TIMELINE);
    expect(stops).toEqual([at("11:00"), at("12:00")]);
    expect(stopBefore(stops, at("12:00"))).toBe(at("11:00"));
    expect(stopAfter(stops, at("12:00"))).toBeNull();
    expect(stopBefore(stops, at("11:00"))).toBeNull();
    expect(stopAfter(stops, at("10:00"))).toBe(at("11:00"));
  });

  test("says what is in trouble at a moment, the gravest first", () => {
    const names = (clock: string) => troublesAt(TIMELINE, at(clock)).map(({ label }) => label);
    expect(names("10:30")).toEqual([]);
    expect(names("12:00")).toEqual(["node:b", "node:a", "node:c"]);
    expect(names("13:00")).toEqual(["node:b"]);
  });

  test("is marked by a few moments", () => {
    expect(ticksOf(SPAN, 5)).toHaveLength(5);
    expect(ticksOf({ from: SPAN.from, to: SPAN.from + 7 * DAY }, 8).length).toBeLessThanOrEqual(8);
  });
});
