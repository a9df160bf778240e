import type { Scene } from "../client/scene.ts";
import { css } from "../domain/colour.ts";
import { nameOfId } from "../domain/names.ts";
import type { Registry } from "../domain/registry.ts";
import { useLanguage } from "../i18n/i18n.tsx";
import { PALETTES } from "./palette.ts";

type Props = {
  readonly id: string;
  readonly rings: readonly (readonly string[])[];
  readonly scene: Scene;
  readonly registry: Registry;
  readonly theme: "dark" | "light";
};

/** What depends on the thing that is held, counted, at the foot of what is free. */
export function Dependents({ id, rings, scene, registry, theme }: Props) {
  const language = useLanguage();
  const { words, plural, fill, number } = language;
  const palette = PALETTES[theme];
  const what = nameOfId(id, scene, registry, language);
  const total = rings.flat().length;
  const steps = rings.map((ring, at) => fill(words.map.ring, { step: number(at + 1), n: number(ring.length) }));
  const count = total > 0 ? plural(total, words.map.depends) : words.map.independent;
  return (
    <p
      role="status"
      style={{
        ...BOX,
        color: css(palette.text),
        background: css(palette.halo, 0.85),
        borderColor: css(palette.accent, 0.5),
      }}
    >
      <strong>{what}</strong>: {count}
      {steps.length > 1 && <br />}
      {steps.length > 1 && steps.join(" · ")}
    </p>
  );
}

const BOX = {
  visibility: "visible",
  position: "absolute",
  left: "50%",
  bottom: 10,
  transform: "translateX(-50%)",
  width: "max-content",
  maxWidth: "min(90%, 520px)",
  margin: 0,
  padding: "8px 14px",
  borderRadius: 12,
  border: "1px solid",
  font: "500 13px/1.5 Inter, system-ui, sans-serif",
  textAlign: "center",
  pointerEvents: "none",
} as const;
