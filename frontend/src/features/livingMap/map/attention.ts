/** What people look at: the selected thing and its relations, the one under the hand, the one that keys have reached. */

import type { Kind, Shape } from "./kinds.ts";
import type { Layout } from "./layout.ts";
import { related } from "./relations.ts";

export type Marked = {
  readonly selected: readonly Shape[];
  readonly related: readonly Shape[];
  readonly hovered: Shape | null;
  readonly focused: Shape | null;
};

export const NOTHING: Marked = { selected: [], related: [], hovered: null, focused: null };

export class Attention {
  selected: string | null = null;
  hovered: Shape | null = null;
  focused: Shape | null = null;
  private readonly layout: Layout;

  constructor(layout: Layout) {
    this.layout = layout;
  }

  /** Look again at what things are now; return whether anything is looked at at all. */
  refresh(): boolean {
    const { shapes } = this.layout;
    this.hovered = (this.hovered && shapes.get(this.hovered.key)) ?? null;
    this.focused = (this.focused && shapes.get(this.focused.key)) ?? null;
    return this.selected !== null || this.hovered !== null || this.focused !== null;
  }

  /** Return what is to be marked of the kinds that are shown. */
  marked(kinds: ReadonlySet<Kind>): Marked {
    const shown = (shape: Shape) => kinds.has(shape.kind);
    const selected = this.selected === null ? [] : this.layout.all(this.selected).filter(shown);
    const first = selected[0];
    const others = first ? related(first, this.layout.shapes).filter(shown) : [];
    return { selected, related: others, hovered: this.hovered, focused: this.focused };
  }
}
