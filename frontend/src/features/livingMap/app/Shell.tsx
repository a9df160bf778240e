import {
  type ReactNode,
  type Ref,
  useCallback,
  useDeferredValue,
  useEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import { EMPTY_SCENE } from "../client/scene.ts";
import type { MapState } from "../client/state.ts";
import { layerOfDistrict } from "../domain/figure.ts";
import { type Haunted, hauntedBy, NO_GHOSTS } from "../domain/ghosts.ts";
import type { Registry } from "../domain/registry.ts";
import { sinceOf } from "../domain/troubles.ts";
import { isOfAll } from "../domain/trust.ts";
import { useLivingMapClient } from "../hooks/LivingMapProvider.tsx";
import { pulseFeed } from "../hooks/pulses.ts";
import { useLivingMap } from "../hooks/selectors.ts";
import { CANVAS_MS, useCalmState } from "../hooks/useCalmState.ts";
import { useMapClock } from "../hooks/useMapClock.ts";
import { useLanguage } from "../i18n/i18n.tsx";
import { type MapHandle, MapView } from "../map/MapView.tsx";
import { Announcement, useAnnouncement } from "./Announcement.tsx";
import { Banners } from "./Banners.tsx";
import { Details } from "./Details.tsx";
import { DoubtsBanner } from "./Doubts.tsx";
import { useFrame } from "./frame.ts";
import { Help } from "./Help.tsx";
import { stage, useFocusReturn, useKeys } from "./keys.ts";
import { later, loadAll } from "./later.tsx";
import { useAddressed, useMomentOfAddress, usePast } from "./moment.ts";
import { Notice } from "./Notice.tsx";
import { OwnChart } from "./OwnChart.tsx";
import { PastBanner } from "./Past.tsx";
import { PinBanner, PinProvider, usePinnedScene, usePinnedState } from "./pinned.tsx";
import { prefer, usePreferences, useReducedMotion } from "./preferences.ts";
import { River } from "./River.tsx";
import { RegistryProvider, useRegistry, useShownLayers } from "./registry.tsx";
import { SidePanel } from "./SidePanel.tsx";
import { SinceYouLeft } from "./Story.tsx";
import { SentencesProvider } from "./sentences.tsx";
import { TopBar } from "./TopBar.tsx";
import { useTab } from "./tab.ts";
import { useTroubles } from "./troubles.ts";
import { TrustProvider, useTrust } from "./trust.tsx";
import { go, usePlace } from "./url.ts";

const Table = later(() => import("./Table.tsx"));
const Compare = later(() => import("./Compare.tsx"));

/** The page, once it knows what the things of the map are. */
export function Shell() {
  const state = useAddressed(useCalmState());
  return (
    <TrustProvider state={state}>
      <RegistryProvider state={state}>
        {(isReady) => (
          <PinProvider scene={state.data.scene}>
            <Page state={state} isReady={isReady} />
          </PinProvider>
        )}
      </RegistryProvider>
    </TrustProvider>
  );
}

type PageProps = { readonly state: MapState; readonly isReady: boolean };

/** The map in the middle, panels around it. */
function Page({ state: whole, isReady }: PageProps) {
  const state = usePinnedState(whole);
  const { words, fill } = useLanguage();
  const { mode, select, panel, only, beside } = usePlace();
  const isCompared = only !== null && beside !== null;
  const { introduced } = usePreferences();
  const [isHelping, setHelping] = useState(false);
  const map = useRef<MapHandle>(null);
  const { scene, meta } = state.data;
  // the map may just be coming back
  const fly = useCallback((id: string) => requestAnimationFrame(() => map.current?.flyTo(id)), []);
  const show = useCallback(
    (id: string) => {
      go({ select: id, mode: "map" });
      fly(id);
    },
    [fly],
  );
  const pick = mode === "table" ? (id: string) => go({ select: id }) : show;
  const flyOnMap = (id: string) => {
    go({ mode: "map" });
    fly(id);
  };
  useFrame({ select: (id) => go({ select: id }), fly: flyOnMap }, meta !== null && isReady, select);
  useKeys(map);
  useFocusReturn(select);
  useMomentOfAddress();
  useMapClock();
  const { doubts } = useTrust();
  const hasData = meta !== null && isReady;
  // their room is kept while they are read, but not at a moment that the map does not keep
  const hasDetails = select !== null && (hasData || !state.time.error);
  useEffect(() => {
    if (hasData) loadAll();
  }, [hasData]);
  const troubles = useTroubles(whole); // what is wrong elsewhere is wrong all the same
  const canBeNew = hasData && state.time.mode === "live" && troubles.isSettled;
  const news = useAnnouncement({ troubles: troubles.troubles, isReady: canBeNew });
  useTab(state, doubts, news.fresh.length);
  const isLive = state.connection.status === "live";
  const since = useMemo(() => sinceOf(troubles.troubles), [troubles.troubles]);
  return (
    <div
      className={`shell is-${state.time.mode} ${doubts.some(isOfAll) ? "is-old" : ""} ${panel ? "has-panel" : ""} ${hasDetails ? "has-details" : ""}`}
    >
      <SentencesProvider isLive={isLive || state.recording !== null}>
        <button type="button" className="skip" onClick={() => stage()?.focus()}>
          {fill(words.view.skip, { view: words.view[mode] })}
        </button>
        <TopBar state={state} onHelp={() => setHelping(true)} onFit={() => map.current?.fit()} />
        <Announcement text={news.text} />
        <SidePanel state={state} whole={whole.data.scene} troubles={troubles} onPick={pick} />
        <main className="stage" aria-label={mode === "map" ? words.view.map : words.view.table}>
          {isCompared ? (
            <Compare scene={whole.data.scene} one={only} other={beside} />
          ) : mode === "map" ? (
            <Canvas ref={map} isReady={isReady} since={since} />
          ) : (
            <Table scene={scene} onPick={pick} />
          )}
          <Notice state={state} isReady={isReady} />
          <Banners>
            <PastBanner state={state} />
            <PinBanner scene={whole.data.scene} />
            <DoubtsBanner troubles={troubles.troubles} />
          </Banners>
          <SinceYouLeft isLive={isLive} onFly={fly} />
        </main>
        <River state={state} />
        {select && hasData && <Details id={select} state={whole} onShow={show} />}
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

type CanvasProps = {
  readonly ref: Ref<MapHandle>;
  readonly isReady: boolean;
  readonly since: ReadonlyMap<string, number>;
};

/** The canvas is brought up to date more often than the panels around it. */
function Canvas({ ref, isReady, since }: CanvasProps) {
  const client = useLivingMapClient();
  const { theme } = usePreferences();
  const reducedMotion = useReducedMotion();
  const { select, view } = usePlace();
  const layers = useShownLayers();
  const registry = useRegistry();
  const { scene: whole, ghosts } = useHaunted(registry, isReady);
  const scene = usePinnedScene(whole);
  const sources = useLivingMap((state) => state.data.meta?.sources) ?? NO_SOURCES;
  const pulses = useMemo(() => pulseFeed(client), [client]);
  const onSelect = useCallback((id: string | null) => {
    const layer = layerOfDistrict(id ?? "");
    go(layer === undefined ? { select: id } : { panel: "search", layer, type: "", status: "", q: "" });
  }, []);
  const onView = useCallback((moved: NonNullable<typeof view>) => go({ view: moved }), []);
  return (
    <MapView
      handle={ref}
      registry={registry}
      scene={scene}
      ghosts={ghosts}
      sources={useDeferredValue(sources)}
      since={since}
      layers={layers}
      selected={select}
      onSelect={onSelect}
      pulses={pulses}
      view={view}
      onView={onView}
      theme={theme}
      reducedMotion={reducedMotion}
      chartOf={chartOf}
    />
  );
}

const NO_SOURCES: never[] = [];

function chartOf(id: string): ReactNode {
  return <OwnChart id={id} />;
}

/** What the map shows: in the past with outlines of what is otherwise now. */
function useHaunted(registry: Registry, isReady: boolean): Haunted {
  const { scene } = useCalmState(CANVAS_MS).data;
  const isPast = usePast();
  // the end of a recording is not now
  const hasPresent = useLivingMap(({ recording }) => recording === null);
  const present = useDeferredValue(
    useLivingMap((state) => (isPast && hasPresent ? state.present.scene : EMPTY_SCENE)),
  );
  const isAwaited = useLivingMap(
    ({ present: { meta }, connection }) => meta === null && connection.error === null,
  );
  return useMemo(() => {
    // the city is laid out with what is there now, so that it is the same at every moment
    if (!isReady || isAwaited) return { scene: EMPTY_SCENE, ghosts: NO_GHOSTS };
    const isKnown = isPast && present !== EMPTY_SCENE && scene !== present;
    return isKnown ? hauntedBy(scene, present, registry) : { scene, ghosts: NO_GHOSTS };
  }, [scene, present, isPast, registry, isReady, isAwaited]);
}
