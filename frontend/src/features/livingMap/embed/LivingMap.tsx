/** @livingmap/react/map: the map as a component. What draws is loaded once one is mounted. */

import {
  type CSSProperties,
  forwardRef,
  lazy,
  type ReactNode,
  type Ref,
  Suspense,
  useEffect,
  useImperativeHandle,
  useRef,
  useState,
} from "react";
import { createPortal } from "react-dom";
import { addressOf } from "../client/http.ts";
import { type LivingMapOptions, LivingMapProvider, useProvided } from "../hooks/LivingMapProvider.tsx";
import { Boundary } from "./Fault.tsx";
import type { LivingMapProps } from "./props.ts";

const load = () => import("./Canvas.tsx");

/** What draws; what could not be loaded is forgotten once it is tried again. */
let latest = lazy(load);

/** What an app may ask the map to do. */
export type LivingMapHandle = {
  /** Move to a thing and come close enough to see it. Does nothing for an id that is not on the map. */
  flyTo(id: string): void;
  /** Show all of the shown layers. */
  fit(): void;
  /** Magnify around the middle. */
  zoomBy(factor: number): void;
};

const STYLE: CSSProperties = {
  display: "block",
  position: "relative",
  width: "100%",
  height: "100%",
  minHeight: 240,
};

/**
 * The map. Below a `<LivingMapProvider>` it shows that map, by the same connection, unless `url` names another one or
 * `at` a moment. It lives in a shadow root: the page's styles do not reach it, nor its own the page.
 */
export const LivingMap = forwardRef(function LivingMap(props: LivingMapProps, ref: Ref<LivingMapHandle>) {
  const { url, getToken, at, keepEvents, enabled, onEvent, onError, className, style, ...shown } = props;
  const options = { url, getToken, at, keepEvents, enabled, onEvent };
  const host = useRef<HTMLDivElement>(null);
  const [root, setRoot] = useState<ShadowRoot | null>(null);
  useEffect(() => {
    if (host.current) setRoot(host.current.shadowRoot ?? host.current.attachShadow({ mode: "open" }));
  }, []);
  const [{ Canvas }, setCode] = useState({ Canvas: latest });
  const retry = () => {
    latest = lazy(load);
    setCode({ Canvas: latest });
  };
  const handle = useRef<LivingMapHandle>(null);
  useImperativeHandle(
    ref,
    () => ({
      flyTo: (id) => handle.current?.flyTo(id),
      fit: () => handle.current?.fit(),
      zoomBy: (factor) => handle.current?.zoomBy(factor),
    }),
    [],
  );
  const canvas = (
    <Boundary locale={props.locale} onError={onError} onRetry={retry}>
      <Suspense fallback={null}>
        <Canvas {...shown} handle={handle} />
      </Suspense>
    </Boundary>
  );
  return (
    <div ref={host} className={className} style={{ ...STYLE, ...style }}>
      {root && createPortal(<Connected options={options}>{canvas}</Connected>, root)}
    </div>
  );
});

type ConnectedProps = { readonly options: LivingMapOptions; readonly children: ReactNode };

/** The connection of the provider above, where that is of the same map and moment; else one of its own. */
function Connected({ options, children }: ConnectedProps) {
  const provided = useProvided();
  const { url, at } = options;
  const inherited = provided?.client.options;
  const isShared =
    inherited && at === undefined && (url === undefined || addressOf(url) === addressOf(inherited.url));
  if (isShared) return children;
  const own = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  return (
    <LivingMapProvider {...(url === undefined ? inherited : {})} {...own}>
      {children}
    </LivingMapProvider>
  );
}
