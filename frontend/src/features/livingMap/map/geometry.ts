/** Points, boxes and polygons. */

export type Point = { readonly x: number; readonly y: number };
export type Box = { readonly left: number; readonly top: number; readonly right: number; readonly bottom: number };

/** A convex polygon; each edge starts at its point and remembers which neighbour it was cut by. */
export type Corner = Point & { readonly towards: number };

/** Keep what of a convex polygon lies behind the line through `at` whose normal is (nx, ny). */
export function cut(corners: readonly Corner[], at: Point, nx: number, ny: number, towards: number): Corner[] {
  const kept: Corner[] = [];
  const side = (one: Point) => (one.x - at.x) * nx + (one.y - at.y) * ny;
  corners.forEach((one, index) => {
    const next = corners[(index + 1) % corners.length] ?? one;
    const here = side(one);
    const there = side(next);
    if (here <= 0) {
      kept.push(one);
    }
    if (here <= 0 !== there <= 0) {
      const share = here / (here - there);
      const x = one.x + (next.x - one.x) * share;
      const y = one.y + (next.y - one.y) * share;
      kept.push({ x, y, towards: here <= 0 ? towards : one.towards });
    }
  });
  return kept;
}

/** Shrink a convex polygon: each edge moves inwards by `by` of the neighbour that it lies towards. */
export function inset(corners: readonly Corner[], by: (towards: number) => number): Corner[] {
  let left = [...corners];
  corners.forEach((one, index) => {
    const next = corners[(index + 1) % corners.length] ?? one;
    const length = Math.hypot(next.x - one.x, next.y - one.y);
    if (length > 0.01) {
      const nx = (next.y - one.y) / length;
      const ny = (one.x - next.x) / length;
      const depth = by(one.towards);
      left = cut(left, { x: one.x - nx * depth, y: one.y - ny * depth }, nx, ny, one.towards);
    }
  });
  return left;
}

/** Return the polygon with its corners cut round, as a path of points. */
export function rounded(corners: readonly Point[], radius: number, steps = 4): Point[] {
  const path: Point[] = [];
  corners.forEach((one, index) => {
    const before = corners[(index + corners.length - 1) % corners.length] ?? one;
    const after = corners[(index + 1) % corners.length] ?? one;
    const start = towards(one, before, radius);
    const end = towards(one, after, radius);
    for (let step = 0; step <= steps; step += 1) {
      path.push(bend(start, one, end, step / steps));
    }
  });
  return path;
}

function towards(from: Point, to: Point, distance: number): Point {
  const length = Math.hypot(to.x - from.x, to.y - from.y) || 1;
  const share = Math.min(distance / length, 0.5);
  return { x: from.x + (to.x - from.x) * share, y: from.y + (to.y - from.y) * share };
}

/** Return the point of a quadratic Bézier curve at `share` of its way. */
export function bend(from: Point, over: Point, to: Point, share: number): Point {
  const rest = 1 - share;
  return {
    x: rest * rest * from.x + 2 * rest * share * over.x + share * share * to.x,
    y: rest * rest * from.y + 2 * rest * share * over.y + share * share * to.y,
  };
}

export function middle(corners: readonly Point[]): Point {
  const sum = corners.reduce((total, one) => ({ x: total.x + one.x, y: total.y + one.y }), { x: 0, y: 0 });
  const count = corners.length || 1;
  return { x: sum.x / count, y: sum.y / count };
}

export function inside(corners: readonly Point[], at: Point): boolean {
  return corners.every((one, index) => {
    const next = corners[(index + 1) % corners.length] ?? one;
    return (at.x - one.x) * (next.y - one.y) - (at.y - one.y) * (next.x - one.x) <= 1e-9;
  });
}

/**
 * Return the points of a honeycomb with `gap` between neighbours that lie in a convex polygon, the middle ones first.
 * Of a few ways to lay the honeycomb the one that fits most points in is taken.
 */
export function honeycomb(corners: readonly Point[], gap: number, rise = gap * 0.866): Point[] {
  const centre = middle(corners);
  const lays = [0, 0.5].flatMap((right) => [0, 0.5].map((down) => lay(corners, centre, gap, rise, right, down)));
  const most = lays.reduce((best, one) => (one.length > best.length ? one : best));
  const far = (one: Point) => Math.hypot(one.x - centre.x, one.y - centre.y);
  return most.sort((one, other) => far(one) - far(other) || one.y - other.y || one.x - other.x);
}

function lay(
  corners: readonly Point[],
  at: Point,
  gap: number,
  rise: number,
  right: number,
  down: number,
): Point[] {
  const reach = Math.ceil(90 / Math.min(gap, rise));
  const points: Point[] = [];
  for (let row = -reach; row <= reach; row += 1) {
    for (let column = -reach; column <= reach; column += 1) {
      const one = { x: at.x + (column + right + (row & 1) / 2) * gap, y: at.y + (row + down) * rise };
      if (inside(corners, one)) {
        points.push(one);
      }
    }
  }
  return points;
}

export function overlaps(one: Box, other: Box): boolean {
  return one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom;
}

/** Whether one box lies wholly in another. */
export function within(one: Box, other: Box): boolean {
  return one.left >= other.left && one.right <= other.right && one.top >= other.top && one.bottom <= other.bottom;
}

/** Return the smallest box around all of `boxes`, or null for none. */
export function around(boxes: Iterable<Box>): Box | null {
  let all: Box | null = null;
  for (const one of boxes) {
    all = all
      ? {
          left: Math.min(all.left, one.left),
          top: Math.min(all.top, one.top),
          right: Math.max(all.right, one.right),
          bottom: Math.max(all.bottom, one.bottom),
        }
      : one;
  }
  return all;
}
