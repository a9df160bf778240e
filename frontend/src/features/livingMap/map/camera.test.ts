import { describe, expect, test } from "vitest";
import { fitted, flight, kept, NEAREST, pan, same, seen, toMap, toScreen, zoomAt } from "./camera.ts";
import type { Point } from "./geometry.ts";

const SIZE = { width: 800, height: 600 };
const VIEW = { x: 120, y: -40, zoom: 0.8 };

describe("the camera", () => {
  test("finds the point of the map under a point of the screen, and back", () => {
    const at = { x: 613, y: 77 };
    const back = toScreen(VIEW, SIZE, toMap(VIEW, SIZE, at));
    expect(back.x).toBeCloseTo(at.x);
    expect(back.y).toBeCloseTo(at.y);
  });

  test("holds what is under the hand while it zooms", () => {
    const at = { x: 100, y: 500 };
    const before = toMap(VIEW, SIZE, at);
    const after = toMap(zoomAt(VIEW, SIZE, at, 1.7), SIZE, at);
    expect(after.x).toBeCloseTo(before.x);
    expect(after.y).toBeCloseTo(before.y);
  });

  test("comes no nearer than it may", () => {
    expect(zoomAt(VIEW, SIZE, { x: 0, y: 0 }, 1e9).zoom).toBe(NEAREST);
  });

  test("moves the map with the hand", () => {
    expect(pan(VIEW, 80, -40)).toEqual({ x: 20, y: 10, zoom: 0.8 });
  });

  test("shows all of a box", () => {
    const box = { left: -500, top: -900, right: 2000, bottom: 300 };
    const sight = seen(fitted(box, SIZE), SIZE);
    expect(sight.left).toBeLessThan(box.left);
    expect(sight.right).toBeGreaterThan(box.right);
    expect(sight.top).toBeLessThan(box.top);
    expect(sight.bottom).toBeGreaterThan(box.bottom);
  });

  test("shows all of a box in what nothing covers, and in its middle", () => {
    const box = { left: -500, top: -900, right: 2000, bottom: 300 };
    const free = { left: 60, top: 180, right: 500, bottom: 520 };
    const size = { ...SIZE, free };
    const view = fitted(box, size);
    const [one, other] = [
      { x: box.left, y: box.top },
      { x: box.right, y: box.bottom },
    ].map((corner) => toScreen(view, size, corner)) as [Point, Point];
    expect((one.x + other.x) / 2).toBeCloseTo((free.left + free.right) / 2);
    expect((one.y + other.y) / 2).toBeCloseTo((free.top + free.bottom) / 2);
    expect(one.x >= free.left && one.y >= free.top && other.x <= free.right && other.y <= free.bottom).toBe(true);
  });

  test("does not leave the map behind", () => {
    const box = { left: -100, top: -100, right: 100, bottom: 100 };
    expect(kept({ x: 9000, y: 0, zoom: 1 }, box, SIZE).x).toBe(500);
    const near = { ...VIEW, zoom: 1 };
    expect(kept(near, box, SIZE)).toBe(near);
    expect(kept({ ...VIEW, zoom: 0.01 }, box, SIZE).zoom).toBeCloseTo(fitted(box, SIZE).zoom * 0.6);
  });

  test.each([
    ["far away", { x: 4000, y: 900, zoom: 2 }],
    ["on the spot", { x: 120, y: -40, zoom: 3 }],
    ["nowhere", VIEW],
  ])("flies %s without a jump, and arrives", (_, to) => {
    const way = flight(VIEW, to, SIZE);
    expect(same(way.at(0), VIEW)).toBe(true);
    expect(way.at(1)).toEqual(to);
    for (let step = 0; step < 100; step += 1) {
      const [here, next] = [way.at(step / 100), way.at((step + 1) / 100)];
      expect([here.x, here.y, here.zoom].every(Number.isFinite)).toBe(true);
      expect(Math.abs(next.x - here.x) * Math.min(here.zoom, next.zoom)).toBeLessThan(SIZE.width / 4);
      expect(Math.abs(Math.log(next.zoom / here.zoom))).toBeLessThan(0.35);
    }
  });
});
