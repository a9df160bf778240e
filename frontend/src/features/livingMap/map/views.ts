/** Where to look to see everything, to see one thing, and how far there is anything to see. */

import type { Figure } from "../domain/figure.ts";
import { centred, fitted, type Size, type View } from "./camera.ts";
import type { Box } from "./geometry.ts";
import type { Layout } from "./layout.ts";
import { HORIZON, SPACING } from "./terrain.ts";

const NEAR = 1.9;
const MIDDLE = SPACING * 3;
const CENTRE: Box = { left: -MIDDLE, top: -MIDDLE, right: MIDDLE, bottom: MIDDLE };

/** Return the view of all shown things; where there are none, of the middle of the city. */
export function wholeView(layout: Layout, figures: ReadonlySet<Figure>, size: Size): View {
  return fitted(layout.bounds(figures) ?? CENTRE, size);
}

/** Return a view that is close enough to see a thing, and no farther than `from`; undefined for an unknown id. */
export function closeView(
  layout: Layout,
  figures: ReadonlySet<Figure>,
  id: string,
  from: View,
  size: Size,
): View | undefined {
  const shapes = layout.all(id);
  const shape = shapes.find((one) => figures.has(one.figure)) ?? shapes[0];
  const nearest = shape?.figure.label.strong ? NEAR * 0.5 : NEAR;
  return shape && centred(shape, Math.max(from.zoom, nearest), size);
}

/** Return the box beyond which there is nothing to see. */
export function extentOf(layout: Layout): Box {
  return layout.bounds(null) ?? { left: -1000, top: HORIZON - 600, right: 1000, bottom: 1000 };
}
