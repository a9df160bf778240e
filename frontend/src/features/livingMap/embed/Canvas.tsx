/** What `<LivingMap/>` shows: the canvas, and above it what stands in the way or may not be the present. */

import { type RefObject, useDeferredValue, useEffect, useMemo, useState } from "react";
import { EMPTY_SCENE } from "../client/scene.ts";
import type { MapState } from "../client/state.ts";
import { css } from "../domain/colour.ts";
import { doubtText } from "../domain/doubts.ts";
import { findItem } from "../domain/entities.ts";
import { layerOfDistrict } from "../domain/figure.ts";
import { NO_GHOSTS } from "../domain/ghosts.ts";
import { doubtsOf, isOfAll } from "../domain/trust.ts";
import { useLivingMapClient } from "../hooks/LivingMapProvider.tsx";
import { pulseFeed } from "../hooks/pulses.ts";
import { CANVAS_MS, useCalmState } from "../hooks/useCalmState.ts";
import { useMapClock } from "../hooks/useMapClock.ts";
import { useMedia } from "../hooks/useMedia.ts";
import { useRegistryOf } from "../hooks/useRegistryOf.ts";
import { LanguageContext, languageOf, preferredLocale, useLanguage } from "../i18n/i18n.tsx";
import { type MapHandle, MapView } from "../map/MapView.tsx";
import { PALETTES } from "../map/palette.ts";
import type { LivingMapProps } from "./props.ts";

type CanvasProps = Pick<LivingMapProps, "layers" | "select" | "onSelect" | "flyTo" | "theme" | "locale"> & {
  readonly handle: RefObject<MapHandle | null>;
};

const NO_SOURCES: never[] = [];

export default function Canvas({ locale, ...props }: CanvasProps) {
  const preferred = preferredLocale(navigator.languages);
  const language = useMemo(() => languageOf(locale ?? preferred), [locale, preferred]);
  return (
    <LanguageContext.Provider value={language}>
      <Drawn {...props} />
    </LanguageContext.Provider>
  );
}

function Drawn({ layers, select, onSelect, flyTo, theme, handle }: Omit<CanvasProps, "locale">) {
  const client = useLivingMapClient();
  const state = useCalmState(CANVAS_MS);
  useMapClock();
  const { locale } = useLanguage();
  const { registry, isReady } = useRegistryOf(state, locale);
  const isLight = useMedia("(prefers-color-scheme: light)");
  const shownTheme = theme ?? (isLight ? "light" : "dark");
  const [picked, setPicked] = useState<string | null>(null);
  const { scene } = state.data;
  const names = (layers ?? registry.layers.map(({ name }) => name)).join();
  const shownLayers = useMemo(() => new Set(names.split(",")), [names]);
  const pulses = useMemo(() => pulseFeed(client), [client]);
  const target = isReady && flyTo && findItem(scene, flyTo) ? flyTo : null;
  useEffect(() => {
    if (target) handle.current?.flyTo(target);
  }, [target, handle]);
  const pick = (id: string | null) => {
    if (layerOfDistrict(id ?? "") !== undefined) return;
    setPicked(id);
    onSelect?.(id);
  };
  const doubts = doubtsOf(state);
  return (
    <div lang={locale} style={{ ...FRAME, background: css(PALETTES[shownTheme].sky[1] ?? 0) }}>
      <div style={{ ...FILL, filter: doubts.some(isOfAll) ? "grayscale(1)" : "none" }}>
        <MapView
          handle={handle}
          registry={registry}
          scene={isReady ? scene : EMPTY_SCENE}
          ghosts={NO_GHOSTS}
          sources={useDeferredValue(state.data.meta?.sources ?? NO_SOURCES)}
          layers={shownLayers}
          selected={select === undefined ? picked : select}
          onSelect={pick}
          pulses={pulses}
          view={null}
          onView={ignored}
          theme={shownTheme}
          reducedMotion={useMedia("(prefers-reduced-motion: reduce)")}
        />
      </div>
      <Caption state={state} color={css(PALETTES[shownTheme].text)} halo={css(PALETTES[shownTheme].halo)} />
    </div>
  );
}

function ignored(): void {}

/** What stands in the way of the map, or why it may not be the present. */
function Caption({
  state,
  color,
  halo,
}: {
  readonly state: MapState;
  readonly color: string;
  readonly halo: string;
}) {
  const language = useLanguage();
  const { words, fullMoment } = language;
  const { data, time, connection } = state;
  const lines = doubtsOf(state).map((doubt) => doubtText(doubt, language));
  const error = time.error ?? connection.error;
  if (!data.meta) lines.push(error ? `${words.failed.title}: ${error.message}` : words.failed.reading);
  if (data.meta && time.mode === "past" && time.moment !== null) lines.push(fullMoment(time.moment));
  if (lines.length === 0) return null;
  return (
    <div
      role={error ? "alert" : "status"}
      style={{ ...CAPTION, color, textShadow: `0 0 4px ${halo}, 0 0 8px ${halo}` }}
    >
      {lines.map((line) => (
        <div key={line}>{line}</div>
      ))}
    </div>
  );
}

/** Nothing is inherited from the page, either. */
const FRAME = { all: "initial", display: "block", position: "absolute", inset: 0, overflow: "hidden" } as const;
const FILL = { position: "absolute", inset: 0 } as const;
const CAPTION = {
  position: "absolute",
  insetInline: 12,
  top: 10,
  font: "500 13px/1.5 Inter, system-ui, sans-serif",
  pointerEvents: "none",
} as const;
