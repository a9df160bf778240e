import { useMemo, useState } from "react";
import type { Item, Thing } from "../client/scene.ts";
import { fieldText } from "../domain/fields.ts";
import type { Kind } from "../domain/kind.ts";
import { loadsOf, toneOfShare } from "../domain/loads.ts";
import {
  beginOf,
  columnsOfSeries,
  extentOf,
  hasLength,
  pathOf,
  type Range,
  type Sample,
  type Series,
} from "../domain/series.ts";
import type { TypeField } from "../domain/types.ts";
import { valuesOf } from "../domain/values.ts";
import { loadWord } from "../domain/words.ts";
import { useLivingMapEntity } from "../hooks/selectors.ts";
import { useLanguage } from "../i18n/i18n.tsx";
import { useAsked } from "./asked.ts";
import { DAY, textOf, useStretch } from "./moment.ts";
import { useRegistry } from "./registry.tsx";
import { useSamples } from "./samples.ts";

const POINTS = 96;
const SIZE = { width: 116, height: 22 } as const;
const SHARE: Range = [0, 1];
const NO_SAMPLES: readonly Sample[] = [];

/** How a number of a thing went over a day, small enough to stand beside it on the map. */
export function OwnChart({ id }: { readonly id: string }) {
  const item = useLivingMapEntity<Item & Thing>(id);
  const kind = useRegistry().kindOfId(id);
  // the fullest when it came near: another one would be another chart
  const [name] = useState(() => (item ? fullest(item, kind) : undefined));
  const values = useMemo(() => [...(item ? valuesOf(item, kind) : [])], [item, kind]);
  const shown = values.find(([field]) => field.name === name) ?? values[0];
  return shown ? <Day id={id} kind={kind} field={shown[0]} value={shown[1]} /> : null;
}

function fullest(item: Item, kind: Kind): string | undefined {
  return [...loadsOf(item, kind)].sort((one, other) => other.load - one.load)[0]?.name;
}

type DayProps = {
  readonly id: string;
  readonly kind: Kind;
  readonly field: TypeField;
  readonly value: number;
};

/** The day of a number, or as much of it as is known; nothing where nothing was recorded. Details say the same in words. */
function Day({ id, kind, field, value }: DayProps) {
  const language = useLanguage();
  const [from, to] = useStretch(DAY);
  const question = { entity_id: id, field: field.name, from: textOf(from), to: textOf(to), points: POINTS };
  const { answer } = useAsked<Series>("living-map/series", question);
  const seen = useSamples(id).get(field.name) ?? NO_SAMPLES;
  const columns = useMemo(() => columnsOfSeries(answer, seen, { from, size: DAY / POINTS }), [answer, seen, from]);
  if (!hasLength(columns)) return null;
  const isShare = field.kind === "ratio";
  const { first, low, high } = extentOf(columns, "");
  const end = Math.max(to, (columns.times.at(-1) ?? 0) * 1000);
  const begin = beginOf(first, end, DAY);
  const path = pathOf(columns, [begin, end], isShare ? SHARE : [low, high], SIZE);
  const tone = isShare ? toneOfShare({ name: field.name, load: value }) : "busy";
  return (
    <div className={`own-chart tone-${tone}`}>
      <p>
        {loadWord(field.name, kind, language)} <strong>{fieldText(value, field, kind, language)}</strong>
        <span>{language.span((end - begin) / 1000)}</span>
      </p>
      <svg viewBox={`0 -1 ${SIZE.width} ${SIZE.height + 2}`} aria-hidden="true">
        <path d={path} />
      </svg>
    </div>
  );
}
