/** The map: one canvas that shows the network as a place. */

import { type Ref, useEffect, useImperativeHandle, useRef, useState } from "react";
import type { LayerName, PulseFeed, Scene, SourceBrief, MapView as View } from "../client/scene.ts";
import { doubts, kindsOf, sourceOf } from "./freshness.ts";
import type { Point } from "./geometry.ts";
import { listen } from "./gestures.ts";
import type { Shape } from "./kinds.ts";
import { css, PALETTES } from "./palette.ts";
import { Place } from "./place.ts";
import { caveats, nameOf, told, wordsOf } from "./words.ts";

/** What the page may tell the map to do. */
export type MapHandle = {
  /** Move to where `id` stands and come close enough to see it. Does nothing for what is not on the map. */
  flyTo(id: string): void;
  /** Show all of the shown layers. */
  fit(): void;
  /** Magnify around the middle. */
  zoomBy(factor: number): void;
};

export type MapViewProps = {
  readonly scene: Scene;
  readonly sources: readonly SourceBrief[];
  readonly layers: ReadonlySet<LayerName>;
  readonly selected: string | null;
  /** Asked when a person picks something, or nothing (`null`). */
  readonly onSelect: (id: string | null) => void;
  readonly pulses: PulseFeed;
  /** Where to look; null shows everything. Read when it differs from what `onView` told last. */
  readonly view: View | null;
  /** Told when a person has moved the map and it has come to rest. */
  readonly onView: (view: View) => void;
  readonly theme: "dark" | "light";
  readonly locale: "uk" | "en";
  readonly reducedMotion: boolean;
  readonly ref?: Ref<MapHandle>;
};

type Hovered = { readonly shape: Shape; readonly at: Point };

export function MapView(props: MapViewProps) {
  const { scene, sources, layers, selected, pulses, view, theme, locale, reducedMotion, ref } = props;
  const host = useRef<HTMLDivElement>(null);
  const latest = useRef(props);
  latest.current = props;
  const [hovered, setHovered] = useState<Hovered | null>(null);
  const [focused, setFocused] = useState<Shape | null>(null);
  const [place] = useState(
    () =>
      new Place({
        select: (id) => latest.current.onSelect(id),
        rest: (now) => latest.current.onView(now),
        hover: (shape, at) => setHovered(shape && { shape, at }),
        focus: setFocused,
      }),
  );

  useEffect(() => (host.current ? open(host.current, place, () => latest.current.theme) : undefined), [place]);
  useEffect(() => place.calm(reducedMotion), [place, reducedMotion]);
  useEffect(() => place.look(view), [place, view]);
  useEffect(() => place.show(layers), [place, layers]);
  useEffect(() => place.update(scene), [place, scene]);
  useEffect(() => place.trust(sources), [place, sources]);
  useEffect(() => place.select(selected), [place, selected]);
  useEffect(() => place.repaint(PALETTES[theme]), [place, theme]);
  useEffect(() => place.listen(pulses), [place, pulses]);
  useImperativeHandle(
    ref,
    () => ({ flyTo: (id) => place.flyTo(id), fit: () => place.fit(), zoomBy: (factor) => place.zoomBy(factor) }),
    [place],
  );

  const words = wordsOf(locale);
  return (
    <div style={{ position: "relative", width: "100%", height: "100%", overflow: "hidden" }}>
      <div
        ref={host}
        role="application"
        aria-label={words.map}
        aria-description={words.hint}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: an application takes keys
        tabIndex={0}
        onBlur={() => place.blur()}
        style={{ ...HOST, cursor: hovered ? "pointer" : "grab" }}
      />
      <div aria-live="polite" style={HIDDEN}>
        {focused && [nameOf(focused.item), ...told(focused, locale, sourceOf(focused.kind, sources))].join(", ")}
      </div>
      <Caveats sources={sources} layers={layers} theme={theme} locale={locale} />
      {hovered && <Tip {...hovered} theme={theme} locale={locale} sources={sources} />}
    </div>
  );
}

const HOST = { position: "absolute", inset: 0, touchAction: "none", outlineOffset: -3 } as const;
const HIDDEN = { position: "absolute", width: 1, height: 1, overflow: "hidden", clipPath: "inset(50%)" } as const;

/** What of the map is simulated or out of date, in its corner. */
function Caveats({
  sources,
  layers,
  theme,
  locale,
}: Pick<MapViewProps, "sources" | "layers" | "theme" | "locale">) {
  const palette = PALETTES[theme];
  const lines = caveats(doubts(sources, kindsOf(layers)), locale);
  return (
    <div
      style={{
        position: "absolute",
        left: 12,
        bottom: 10,
        maxWidth: "min(70%, 440px)",
        font: "500 11px/1.5 Inter, system-ui, sans-serif",
        color: css(palette.text, 0.85),
        textShadow: `0 0 3px ${css(palette.halo)}, 0 0 6px ${css(palette.halo)}`,
        pointerEvents: "none",
      }}
    >
      {lines.map((line) => (
        <div key={line}>{line}</div>
      ))}
    </div>
  );
}

type TipProps = Hovered & Pick<MapViewProps, "theme" | "locale" | "sources">;

/** What is under the hand, in a few words. */
function Tip({ shape, at, theme, locale, sources }: TipProps) {
  const palette = PALETTES[theme];
  const [title, ...lines] = [nameOf(shape.item), ...told(shape, locale, sourceOf(shape.kind, sources))];
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

/** Open the map in an element; its canvas and all that draws come with a chunk of their own. */
function open(host: HTMLDivElement, place: Place, theme: () => "dark" | "light"): () => void {
  const canvas = document.createElement("canvas");
  canvas.style.cssText = "position:absolute;inset:0;display:block";
  host.append(canvas);
  let closed = false;
  const fit = () => place.resize({ width: host.clientWidth, height: host.clientHeight }, window.devicePixelRatio);
  const watch = new ResizeObserver(fit);
  const deaf = listen(host, place.moves);
  import("./paint/stage.ts")
    .then(({ Stage }) => Stage.on(canvas, place.layout, PALETTES[theme()]))
    .then((stage) => {
      if (closed) {
        stage.destroy();
      } else {
        place.raise(stage, PALETTES[theme()]);
        observe(watch, host);
      }
    });
  return () => {
    closed = true;
    watch.disconnect();
    deaf();
    place.destroy();
    canvas.remove();
  };
}

/** Be told of another size, in pixels of the screen where the browser can: they change when the window moves to another screen. */
function observe(watch: ResizeObserver, host: HTMLElement): void {
  try {
    watch.observe(host, { box: "device-pixel-content-box" });
  } catch {
    watch.observe(host);
  }
}
