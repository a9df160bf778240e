import type { SourceBrief } from "../client/scene.ts";
import { css } from "../domain/colour.ts";
import type { Shape } from "../domain/figure.ts";
import { sourceOf } from "../domain/freshness.ts";
import type { Ghost } from "../domain/ghosts.ts";
import type { Registry } from "../domain/registry.ts";
import { useLanguage } from "../i18n/i18n.tsx";
import type { Point } from "./geometry.ts";
import { PALETTES } from "./palette.ts";
import { describe } from "./words.ts";

type TipProps = {
  readonly registry: Registry;
  readonly shape: Shape;
  readonly at: Point;
  readonly theme: "dark" | "light";
  readonly sources: readonly SourceBrief[];
  readonly ghost: Ghost | undefined;
};

/** What is under the pointer, in a few words. */
export function Tip({ registry, shape, at, theme, sources, ghost }: TipProps) {
  const language = useLanguage();
  const palette = PALETTES[theme];
  const [title, ...lines] = describe(shape, registry, language, sourceOf(shape.figure, sources), ghost);
  return (
    <div
      role="tooltip"
      style={{
        position: "absolute",
        left: `clamp(8px, ${at.x + 14}px, calc(100% - 248px))`,
        top: `clamp(8px, ${at.y + 16}px, calc(100% - 96px))`,
        maxWidth: 240,
        padding: "7px 11px",
        borderRadius: 9,
        font: "500 12px/1.45 Inter, system-ui, sans-serif",
        color: css(palette.faint),
        background: css(palette.halo, 0.93),
        border: `1px solid ${css(palette.orbit, 0.35)}`,
        boxShadow: "0 6px 22px rgba(0, 0, 0, 0.28)",
        overflowWrap: "anywhere",
        pointerEvents: "none",
      }}
    >
      <div style={{ color: css(palette.text), fontWeight: 600, fontSize: 13 }}>{title}</div>
      {lines.map((line) => (
        <div key={line}>{line}</div>
      ))}
    </div>
  );
}
