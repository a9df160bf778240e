import { type Ref, useCallback, useDeferredValue, useMemo, useRef, useState } from "react";
import { EMPTY_SCENE, type Scene } from "../client/scene.ts";
import type { MapState } from "../client/state.ts";
import { layerOfDistrict } from "../domain/figure.ts";
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
import { RegistryProvider, useRegistry, useShownLayers } from "./registry.tsx";
import { SidePanel } from "./SidePanel.tsx";
import { SentencesProvider } from "./sentences.tsx";
import { Table } from "./Table.tsx";
import { TopBar } from "./TopBar.tsx";
import { go, usePlace } from "./url.ts";

const sceneOf = (state: MapState): Scene => state.data.scene;

/** The page, once it knows what the things of the map are. */
export function Shell() {
  const state = useCalmState();
  return (
    <RegistryProvider state={state}>{(isReady) => <Page state={state} isReady={isReady} />}</RegistryProvider>
  );
}

type PageProps = { readonly state: MapState; readonly isReady: boolean };

/** The map in the middle, panels around it. */
function Page({ state, isReady }: PageProps) {
  const { words } = useLanguage();
  const { mode, select, panel } = usePlace();
  const { introduced } = usePreferences();
  const [isHelping, setHelping] = useState(false);
  const map = useRef<MapHandle>(null);
  const { scene, meta } = state.data;
  const registry = useRegistry();
  const problems = useMemo(
    () => problemsOf(scene, meta?.sources ?? [], registry, meta?.collisions),
    [scene, meta, registry],
  );
  const show = useCallback((id: string) => {
    go({ select: id, mode: "map" });
    // the map may just be coming back
    requestAnimationFrame(() => map.current?.flyTo(id));
  }, []);
  const pick = mode === "table" ? (id: string) => go({ select: id }) : show;
  useKeys(map);
  const hasData = meta !== null && isReady;
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
          {mode === "map" ? <Canvas ref={map} isReady={isReady} /> : <Table scene={scene} onPick={pick} />}
          <Notice state={state} isReady={isReady} />
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
function Canvas({ ref, isReady }: { readonly ref: Ref<MapHandle>; readonly isReady: boolean }) {
  const client = useLivingMapClient();
  const { theme } = usePreferences();
  const reducedMotion = useReducedMotion();
  const { select, view } = usePlace();
  const layers = useShownLayers();
  const registry = useRegistry();
  const scene = useLivingMap(sceneOf);
  const sources = useLivingMap((state) => state.data.meta?.sources) ?? NO_SOURCES;
  const pulses = useMemo(() => pulseFeed(client), [client]);
  const onSelect = useCallback((id: string | null) => {
    const layer = layerOfDistrict(id ?? "");
    go(layer === undefined ? { select: id } : { panel: "search", layer, type: "", status: "", q: "" });
  }, []);
  const onView = useCallback((moved: NonNullable<typeof view>) => go({ view: moved }), []);
  return (
    <MapView
      ref={ref}
      registry={registry}
      scene={isReady ? scene : EMPTY_SCENE}
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
