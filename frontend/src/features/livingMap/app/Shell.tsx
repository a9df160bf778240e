import { type Ref, useCallback, useDeferredValue, useMemo, useRef, useState } from "react";
import type { Scene } from "../client/scene.ts";
import type { MapState } from "../client/state.ts";
import { problemsOf } from "../domain/problems.ts";
import { useLivingMapClient } from "../hooks/LivingMapProvider.tsx";
import { useLivingMap } from "../hooks/selectors.ts";
import { useLanguage } from "../i18n/i18n.tsx";
import { type MapHandle, MapView } from "../map/MapView.tsx";
import { CutOff } from "./CutOff.tsx";
import { useCalmState } from "./calm.ts";
import { Details } from "./Details.tsx";
import { Help } from "./Help.tsx";
import { useKeys } from "./keys.ts";
import { Notice } from "./Notice.tsx";
import { Pending } from "./Pending.tsx";
import { prefer, usePreferences, useReducedMotion } from "./preferences.ts";
import { pulseFeed } from "./pulses.ts";
import { SidePanel } from "./SidePanel.tsx";
import { SentencesProvider } from "./sentences.tsx";
import { Table } from "./Table.tsx";
import { TopBar } from "./TopBar.tsx";
import { go, usePlace } from "./url.ts";

const sceneOf = (state: MapState): Scene => state.data.scene;

/** The page: the map in the middle, panels around it. */
export function Shell() {
  const state = useCalmState();
  const { words } = useLanguage();
  const { mode, select, panel } = usePlace();
  const { introduced } = usePreferences();
  const [isHelping, setHelping] = useState(false);
  const map = useRef<MapHandle>(null);
  const { scene, meta } = state.data;
  const problems = useMemo(() => problemsOf(scene, meta?.sources ?? [], meta?.collisions), [scene, meta]);
  const show = useCallback((id: string) => {
    go({ select: id, mode: "map" });
    // the map may just be coming back
    requestAnimationFrame(() => map.current?.flyTo(id));
  }, []);
  const pick = mode === "table" ? (id: string) => go({ select: id }) : show;
  useKeys(map);
  const hasData = meta !== null;
  return (
    <div className={`shell ${panel ? "has-panel" : ""} ${select ? "has-details" : ""}`}>
      <SentencesProvider isLive={state.connection.status === "live"}>
        <TopBar
          state={state}
          problems={problems}
          onHelp={() => setHelping(true)}
          onFit={() => map.current?.fit()}
        />
        <SidePanel state={state} problems={problems} onPick={pick} />
        <main className="stage" aria-label={mode === "map" ? words.view.map : words.view.table}>
          {mode === "map" ? <Canvas ref={map} /> : <Table scene={scene} onPick={pick} />}
          <Notice state={state} />
          <CutOff meta={meta} />
          <Pending meta={meta} />
        </main>
        {select && hasData && <Details id={select} state={state} onShow={show} />}
        {(isHelping || (!introduced && hasData)) && (
          <Help
            onClose={() => {
              setHelping(false);
              prefer({ introduced: true });
            }}
          />
        )}
      </SentencesProvider>
    </div>
  );
}

/** The canvas has every frame; the panels around it are calmer. */
function Canvas({ ref }: { readonly ref: Ref<MapHandle> }) {
  const client = useLivingMapClient();
  const { theme } = usePreferences();
  const reducedMotion = useReducedMotion();
  const { layers, select, view } = usePlace();
  const scene = useLivingMap(sceneOf);
  const sources = useLivingMap((state) => state.data.meta?.sources) ?? NO_SOURCES;
  const pulses = useMemo(() => pulseFeed(client), [client]);
  const onSelect = useCallback((id: string | null) => go({ select: id }), []);
  const onView = useCallback((moved: NonNullable<typeof view>) => go({ view: moved }), []);
  return (
    <MapView
      ref={ref}
      scene={scene}
      sources={useDeferredValue(sources)}
      layers={layers}
      selected={select}
      onSelect={onSelect}
      pulses={pulses}
      view={view}
      onView={onView}
      theme={theme}
      reducedMotion={reducedMotion}
    />
  );
}

const NO_SOURCES: never[] = [];
