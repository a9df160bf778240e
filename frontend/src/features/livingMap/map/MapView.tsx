/** The map: one canvas that shows the network as a place. */

import { type ReactNode, type Ref, useEffect, useImperativeHandle, useRef, useState } from "react";
import type { Scene, SourceBrief } from "../client/scene.ts";
import { css } from "../domain/colour.ts";
import type { Shape } from "../domain/figure.ts";
import { sourceOf } from "../domain/freshness.ts";
import type { Ghosts } from "../domain/ghosts.ts";
import type { PulseFeed } from "../domain/pulses.ts";
import type { Registry } from "../domain/registry.ts";
import { useLanguage } from "../i18n/i18n.tsx";
import { Caveats } from "./Caveats.tsx";
import type { View } from "./camera.ts";
import { Controller, type Held } from "./controller.ts";
import { Dependents } from "./Dependents.tsx";
import type { Point } from "./geometry.ts";
import type { Phase } from "./machine.ts";
import { CHART, type Near } from "./near.ts";
import { PALETTES } from "./palette.ts";
import { load, open } from "./surface.ts";
import { Tip } from "./Tip.tsx";
import { describe } from "./words.ts";

/** What the page may ask the map to do. */
export type MapHandle = {
  /** Move to a thing and come close enough to see it. Does nothing for an id that is not on the map. */
  flyTo(id: string): void;
  /** Show all of the shown layers. */
  fit(): void;
  /** Magnify around the middle. */
  zoomBy(factor: number): void;
};

export type MapViewProps = {
  /** What the things of the scene are. */
  readonly registry: Registry;
  readonly scene: Scene;
  /** What of the scene is otherwise now. */
  readonly ghosts: Ghosts;
  readonly sources: readonly SourceBrief[];
  /** Since when things are in trouble, by id, in milliseconds since 1970. */
  readonly since?: ReadonlyMap<string, number>;
  readonly layers: ReadonlySet<string>;
  readonly selected: string | null;
  /** Called when a person picks something, or nothing (`null`). */
  readonly onSelect: (id: string | null) => void;
  readonly pulses: PulseFeed;
  /** Where to look; null shows everything. Only a view other than the last one of `onView` moves the map. */
  readonly view: View | null;
  /** Called when a person has moved the map and it has come to rest. */
  readonly onView: (view: View) => void;
  readonly theme: "dark" | "light";
  readonly reducedMotion: boolean;
  /** What stands beside a thing that is looked at from near. */
  readonly chartOf?: (id: string) => ReactNode;
  readonly handle?: Ref<MapHandle>;
};

type Hover = { readonly shape: Shape; readonly at: Point };

export function MapView(props: MapViewProps) {
  const { registry, sources, layers, theme, chartOf, handle } = props;
  const language = useLanguage();
  const host = useRef<HTMLDivElement>(null);
  const free = useRef<HTMLDivElement>(null);
  const latest = useRef(props);
  latest.current = props;
  const [hover, setHover] = useState<Hover | null>(null);
  const [focus, setFocus] = useState<Shape | null>(null);
  const [held, setHeld] = useState<Held | null>(null);
  const [near, setNear] = useState<readonly Near[]>([]);
  const [phase, setPhase] = useState<Phase>("closed");
  const [controller, setController] = useState<Controller | null>(null);

  useEffect(() => {
    const element = host.current;
    if (!element || !free.current) return;
    const opened: Controller = new Controller({
      onPick: (id) => latest.current.onSelect(id),
      onRest: (view) => latest.current.onView(view),
      onHover: (shape, at) => setHover(shape && { shape, at }),
      onFocus: setFocus,
      onHold: setHeld,
      onNear: setNear,
      onPhase: setPhase,
      onLoad: (isPlain) => load(element, opened, isPlain).catch(() => opened.input({ type: "failed" })),
    });
    opened.repaint(PALETTES[latest.current.theme]);
    setController(opened);
    return open(element, free.current, opened);
  }, []);
  useProps(controller, props);
  useImperativeHandle(
    handle,
    () => ({
      flyTo: (id) => controller?.input({ type: "follow", id }),
      fit: () => controller?.fit(),
      zoomBy: (factor) => controller?.hands.zoomBy(factor),
    }),
    [controller],
  );

  const { map } = language.words;
  return (
    <div style={{ position: "relative", width: "100%", height: "100%", overflow: "hidden" }}>
      <div
        ref={host}
        role="application"
        aria-label={map.label}
        aria-description={map.hint}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: an application takes keys
        tabIndex={0}
        onBlur={() => controller?.input({ type: "blur" })}
        style={{ ...HOST, cursor: hover ? "pointer" : "grab" }}
      />
      <div aria-live="polite" style={HIDDEN}>
        {focus &&
          describe(focus, registry, language, sourceOf(focus.figure, sources), props.ghosts.get(focus.id)).join(
            ", ",
          )}
      </div>
      {chartOf &&
        phase === "drawn" &&
        near.map(({ id, at }) => (
          <div key={id} style={{ ...CHART_BOX, left: at.x, top: at.y }}>
            {chartOf(id)}
          </div>
        ))}
      <div style={UNCOVERED}>
        <div ref={free} style={FREE}>
          {held && <Dependents {...held} scene={props.scene} registry={registry} theme={theme} />}
        </div>
        <Caveats scene={props.scene} registry={registry} sources={sources} layers={layers} theme={theme} />
      </div>
      {hover && (
        <Tip
          registry={registry}
          {...hover}
          theme={theme}
          sources={sources}
          ghost={props.ghosts.get(hover.shape.id)}
        />
      )}
      {(phase === "lost" || phase === "failed") && (
        <p
          role={phase === "failed" ? "alert" : "status"}
          style={{ ...MESSAGE, color: css(PALETTES[theme].text), background: css(PALETTES[theme].sky[1] ?? 0) }}
        >
          {map[phase]}
        </p>
      )}
    </div>
  );
}

/** Hand every change of the properties on to the map. */
function useProps(controller: Controller | null, props: MapViewProps): void {
  const { registry, scene, ghosts, sources, since, layers, selected, pulses, view, theme, reducedMotion } = props;
  useEffect(() => controller?.calm(reducedMotion), [controller, reducedMotion]);
  useEffect(() => controller?.input({ type: "request", view }), [controller, view]);
  useEffect(() => controller?.adopt(registry), [controller, registry]);
  useEffect(() => controller?.show(layers), [controller, layers]);
  useEffect(() => controller?.update(scene), [controller, scene]);
  useEffect(() => controller?.haunt(ghosts), [controller, ghosts]);
  useEffect(() => controller?.trust(sources), [controller, sources]);
  useEffect(() => since && controller?.age(since), [controller, since]);
  useEffect(() => controller?.input({ type: "select", id: selected }), [controller, selected]);
  useEffect(() => controller?.repaint(PALETTES[theme]), [controller, theme]);
  useEffect(() => controller?.listen(pulses), [controller, pulses]);
}

const HOST = { position: "absolute", inset: 0, touchAction: "none", outlineOffset: -3 } as const;
/** What nothing covers: the page says what lies over the map at its top and at its bottom. */
const UNCOVERED = {
  position: "absolute",
  inset: "var(--covered-above, 0px) 0 var(--covered, 0px)",
  display: "flex",
  flexDirection: "column",
  visibility: "hidden",
  pointerEvents: "none",
} as const;
/** What of that is free: all but what stands at its foot. */
const FREE = { flex: 1, minHeight: 0, position: "relative" } as const;
const CHART_BOX = {
  position: "absolute",
  width: CHART.width,
  transform: "translate(-50%, -100%)",
  pointerEvents: "none",
} as const;
const HIDDEN = { position: "absolute", width: 1, height: 1, overflow: "hidden", clipPath: "inset(50%)" } as const;
/** It covers the canvas: one that is lost is white, whatever the theme. */
const MESSAGE = {
  position: "absolute",
  inset: 0,
  margin: 0,
  padding: "0 10%",
  display: "grid",
  placeItems: "center",
  textAlign: "center",
  font: "500 14px/1.5 Inter, system-ui, sans-serif",
  pointerEvents: "none",
} as const;
