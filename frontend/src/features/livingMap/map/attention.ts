/** What people attend to: the selection, what is under the pointer, what the keys have reached; and what that marks. */

import type { Figure, Shape } from "../domain/figure.ts";
import type { Registry } from "../domain/registry.ts";
import { related } from "./arcs.ts";
import type { Layout } from "./layout.ts";

export type Attention = {
  /** An id. */
  readonly selected: string | null;
  /** The keys of shapes. */
  readonly hovered: string | null;
  readonly focused: string | null;
  /** Whether the next Tab leaves the map, as it does after Escape. */
  readonly isLeaving: boolean;
  /** The id of what is held: all dims but what depends on it. */
  readonly held: string | null;
};

export type AttentionInput =
  /** The page has selected something. */
  | { readonly type: "select"; readonly id: string | null }
  | { readonly type: "hover" | "focus"; readonly key: string | null }
  /** A person has picked something on the map: the page decides what is selected. */
  | { readonly type: "pick"; readonly id: string | null }
  /** A person holds something, or lets go of it. */
  | { readonly type: "hold"; readonly id: string | null }
  | { readonly type: "escape" | "tab" | "blur" };

export type AttentionEffect =
  | { readonly do: "mark" }
  | { readonly do: "pick" | "hold"; readonly id: string | null }
  | { readonly do: "focus"; readonly key: string | null };

export type AttentionStep = readonly [Attention, ...AttentionEffect[]];

export const UNATTENDED: Attention = {
  selected: null,
  hovered: null,
  focused: null,
  isLeaving: false,
  held: null,
};

const MARK = { do: "mark" } as const;

/** Return what follows from `input`. */
export function attended(attention: Attention, input: AttentionInput): AttentionStep {
  const { selected, hovered, focused } = attention;
  switch (input.type) {
    case "select":
      return [{ ...attention, selected: input.id }, MARK];
    case "pick":
      return attention.held === null
        ? [attention, { do: "pick", id: input.id }]
        : [
            { ...attention, held: null },
            { do: "hold", id: null },
            { do: "pick", id: input.id },
          ];
    case "hold": {
      const id = input.id === attention.held ? null : input.id;
      return [
        { ...attention, held: id },
        { do: "hold", id },
      ];
    }
    case "hover":
      return input.key === hovered ? [attention] : [{ ...attention, hovered: input.key }, MARK];
    case "focus":
      return input.key === focused ? [attention] : focus(attention, input.key);
    case "escape": {
      if (attention.held !== null)
        return [
          { ...attention, held: null },
          { do: "hold", id: null },
        ];
      const [next, ...effects] = focused === null ? [attention] : focus(attention, null);
      const isLeaving = { ...next, isLeaving: true };
      return selected === null ? [isLeaving, ...effects] : [isLeaving, ...effects, { do: "pick", id: null }];
    }
    case "tab":
      return [{ ...attention, isLeaving: false }];
    case "blur": {
      const staying = { ...attention, isLeaving: false };
      return focused === null ? [staying] : focus(staying, null);
    }
  }
}

function focus(attention: Attention, key: string | null): AttentionStep {
  return [{ ...attention, focused: key }, { do: "focus", key }, MARK];
}

export type Marked = {
  readonly selected: readonly Shape[];
  readonly related: readonly Shape[];
  readonly hovered: Shape | null;
  readonly focused: Shape | null;
  /** What is held, and what depends on it, ring by ring. */
  readonly rings: readonly (readonly Shape[])[];
};

export const NOTHING: Marked = { selected: [], related: [], hovered: null, focused: null, rings: [] };

/** Return what is to be marked, of the figures that are shown. */
export function markedIn(
  layout: Layout,
  figures: ReadonlySet<Figure>,
  { selected, hovered, focused }: Attention,
  registry: Registry,
  rings: readonly (readonly string[])[] = [],
): Marked {
  const isShown = (shape: Shape) => figures.has(shape.figure);
  const shapes = selected === null ? [] : layout.all(selected).filter(isShown);
  const first = shapes[0];
  return {
    selected: shapes,
    related: first ? related(first, layout.shapes, registry).filter(isShown) : [],
    hovered: shapeOf(layout, hovered),
    focused: shapeOf(layout, focused),
    rings: rings.map((ids) => ids.flatMap((id) => layout.all(id)).filter(isShown)),
  };
}

function shapeOf({ shapes }: Layout, key: string | null): Shape | null {
  return (key === null ? undefined : shapes.get(key)) ?? null;
}
