import type { Scene, SourceBrief } from "../client/scene.ts";
import { css } from "../domain/colour.ts";
import { doubts } from "../domain/freshness.ts";
import { countIn } from "../domain/layers.ts";
import type { Registry } from "../domain/registry.ts";
import { useLanguage } from "../i18n/i18n.tsx";
import { PALETTES } from "./palette.ts";
import { caveats } from "./words.ts";

type CaveatsProps = {
  readonly scene: Scene;
  readonly registry: Registry;
  readonly sources: readonly SourceBrief[];
  readonly layers: ReadonlySet<string>;
  readonly theme: "dark" | "light";
};

/** What of the map is simulated or out of date, at the foot of what is free of it. */
export function Caveats({ scene, registry, sources, layers, theme }: CaveatsProps) {
  const language = useLanguage();
  const palette = PALETTES[theme];
  const figures = [...registry.figuresOf(layers)].filter((figure) => {
    const kind = registry.kindOfFigure(figure);
    return kind && countIn(scene, kind) > 0;
  });
  const lines = caveats(doubts(sources, figures), registry, language);
  if (lines.length === 0) return null;
  return (
    <div style={{ ...BOX, ...heightOf(lines.length), color: css(palette.text) }}>
      {lines.map((line) => (
        <div key={line} style={LINE}>
          <span style={{ background: css(palette.halo, 0.72), borderRadius: 4, padding: "1px 5px" }}>{line}</span>
        </div>
      ))}
    </div>
  );
}

const LINE_PX = 17;
/** So much there has to be free for a thing and its name: what is said here is said elsewhere, too. */
const LEAST_PX = 90;

/** Return the height of so many lines, or none where there is no room for them. */
function heightOf(lines: number) {
  return { height: `clamp(0px, calc((100% - ${LEAST_PX}px) * 999), ${lines * LINE_PX}px)` };
}

const BOX = {
  visibility: "visible",
  flex: "none",
  alignSelf: "start",
  margin: "0 12px 10px",
  overflow: "hidden",
  maxWidth: "min(100% - 24px, 440px)",
  font: `500 11px/${LINE_PX}px Inter, system-ui, sans-serif`,
} as const;
const LINE = { overflow: "hidden", textOverflow: "ellipsis", whiteSpace: "nowrap" } as const;
