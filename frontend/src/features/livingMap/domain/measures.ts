/** Measures: the numbers that add up over several things. */

import type { Kind } from "./kind.ts";
import type { Registry } from "./registry.ts";
import type { TypeField } from "./types.ts";

/** A number that adds up over the things of a kind. */
export type Measure = { readonly kind: Kind; readonly field: TypeField };

/** Return the numbers that add up, in the order of the kinds. */
export function measuresOf({ kinds }: Registry): readonly Measure[] {
  return kinds.flatMap((kind) => kind.fields.filter(({ additive }) => additive).map((field) => ({ kind, field })));
}
