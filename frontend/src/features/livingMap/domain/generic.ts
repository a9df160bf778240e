/** What is shown of a kind of thing that has no file in `kinds/`: its type for a name, a plain sign and mark. */

import type { Figure, Mood, Paints, Shape, Spot } from "./figure.ts";
import type { Kind, KindWords } from "./kind.ts";
import { MARKS } from "./tones.ts";

/** Return the kind of a type that has no file of its own. */
export function genericKind(type: string): Kind {
  const name = type.replaceAll(/[_-]/g, " ");
  const words: KindWords = { name, plural: name, count: { other: name } };
  return {
    type,
    icon: "M12 18a6 6 0 1 0 0-12 6 6 0 0 0 0 12ZM12 2v4M12 18v4M2 12h4M18 12h4",
    words: { en: words, uk: words },
    rank: 80,
    figures: [figure(type)],
  };
}

function figure(name: string): Figure {
  return {
    name,
    stands: { on: "lot", lot: "lamps" },
    size: 5.5,
    sources: [],
    order: 45,
    tour: 55,
    label: { from: 1.7, weight: 200, size: 11 },
    draw: mark,
  };
}

function mark({ x, y, size }: Shape, paints: Paints, { tone, alert }: Mood): Spot[] {
  const body: Spot = { frame: MARKS[tone], x, y, wide: size * 1.7, tint: paints.tones[tone] };
  return alert ? [body, { frame: "alert", x: x + 6, y: y - 6, wide: 7, tint: paints.tones[alert] }] : [body];
}
