import type { components } from "../client/openapi.ts";
import type { Item } from "../client/scene.ts";
import { fieldText } from "../domain/fields.ts";
import { numberIn } from "../domain/json.ts";
import type { Kind } from "../domain/kind.ts";
import { isLoad, shareOf } from "../domain/loads.ts";
import type { TypeField } from "../domain/types.ts";
import type { Values } from "../domain/values.ts";
import { loadWord } from "../domain/words.ts";
import { useLanguage } from "../i18n/i18n.tsx";
import { LoadBar } from "./bits.tsx";
import { Sparkline } from "./Sparkline.tsx";
import { type Samples, useSamples } from "./samples.ts";

type Recorded = components["schemas"]["HistoryPage"]["items"];

/** Return samples from the thing's own messages in the history, so that the line does not begin at nothing. */
export function earlierSamples(items: Recorded, { fields }: Kind): Samples {
  const samples = new Map<string, { at: number; value: number }[]>();
  for (const { timestamp, payload } of items.toReversed()) {
    for (const { name, kind } of fields) {
      const number = numberIn(payload as Item, name.slice(name.lastIndexOf(".") + 1));
      const value = kind === "ratio" ? shareOf(number) : number;
      if (value === undefined) continue;
      const list = samples.get(name) ?? [];
      list.push({ at: Date.parse(timestamp), value });
      samples.set(name, list);
    }
  }
  return samples;
}

type LiveProps = {
  readonly id: string;
  readonly kind: Kind;
  readonly values: Values;
  readonly earlier: Samples;
};

/** The numbers of a thing, and how they went lately. */
export function Live({ id, kind, values, earlier }: LiveProps) {
  const { words } = useLanguage();
  const samples = useSamples(id, earlier);
  if (values.size === 0) return null;
  return (
    <section>
      <h3>{words.details.live}</h3>
      <div className="live">
        {[...values].map(([field, value]) => (
          <LiveValue key={field.name} field={field} value={value} kind={kind} samples={samples} />
        ))}
      </div>
    </section>
  );
}

type LiveValueProps = {
  readonly field: TypeField;
  readonly value: number;
  readonly kind: Kind;
  readonly samples: Samples;
};

function LiveValue({ field, value, kind, samples }: LiveValueProps) {
  const language = useLanguage();
  const label = loadWord(field.name, kind, language);
  const own = samples.get(field.name) ?? [];
  const hasMoved = own.some((sample) => sample.value !== own[0]?.value);
  return (
    <div className="live-value">
      {field.kind === "ratio" ? (
        <LoadBar label={label} load={value} isPlain={!isLoad(field.name)} />
      ) : (
        <p className="live-number">
          <span>{label}</span>
          <strong>{fieldText(value, field, kind, language)}</strong>
        </p>
      )}
      {(hasMoved || field.kind === "ratio") && <Sparkline samples={own} share={field.kind === "ratio"} />}
    </div>
  );
}
