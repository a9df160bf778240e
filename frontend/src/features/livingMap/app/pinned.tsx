/** That only one thing is shown, and what depends on it: it stands in the address, so that a link shows it too. */

import { createContext, type ReactNode, useCallback, useContext, useMemo, useState } from "react";
import type { Scene } from "../client/scene.ts";
import type { MapState } from "../client/state.ts";
import { typeOf } from "../domain/entities.ts";
import { fullName, nameOfId } from "../domain/names.ts";
import { hasOthers, idsAround, othersOf, pinnedScene } from "../domain/pinned.ts";
import { useLanguage } from "../i18n/i18n.tsx";
import { IconButton } from "./bits.tsx";
import { TypeIcon } from "./icons.tsx";
import { useRegistry } from "./registry.tsx";
import { go, usePlace } from "./url.ts";

/** The ids that are shown; null shows everything. */
const Context = createContext<ReadonlySet<string> | null>(null);

/** Lets the components below show only what is pinned. */
export function PinProvider({ scene, children }: { readonly scene: Scene; readonly children: ReactNode }) {
  const { only } = usePlace();
  const registry = useRegistry();
  const around = useMemo(
    () => (only ? [...idsAround(only, scene, registry)].sort() : null),
    [only, scene, registry],
  );
  const key = around?.join(" ");
  // biome-ignore lint/correctness/useExhaustiveDependencies: equal sets have the same key
  const ids = useMemo(() => around && new Set(around), [key]);
  return <Context value={ids}>{children}</Context>;
}

/** Return a scene with only what is pinned. */
export function usePinnedScene(scene: Scene): Scene {
  const ids = useContext(Context);
  return useMemo(() => (ids ? pinnedScene(scene, ids) : scene), [scene, ids]);
}

/** Return the state with only what is pinned. */
export function usePinnedState(state: MapState): MapState {
  const scene = usePinnedScene(state.data.scene);
  return useMemo(() => ({ ...state, data: { ...state.data, scene } }), [state, scene]);
}

/** Return whether something is shown: all that is not pinned away. */
export function useIsShown(): (id: string | null) => boolean {
  const ids = useContext(Context);
  return useCallback((id: string | null) => ids === null || (id !== null && ids.has(id)), [ids]);
}

/** Says that not everything is shown, compares it with another thing, and shows everything again. */
export function PinBanner({ scene }: { readonly scene: Scene }) {
  const language = useLanguage();
  const { words, fill } = language;
  const { only, beside } = usePlace();
  const registry = useRegistry();
  if (!only || beside) return null;
  return (
    <div className="pinned" role="status">
      <TypeIcon type={typeOf(only)} />
      <span>{fill(words.pin.only, { name: nameOfId(only, scene, registry, language) })}</span>
      <BesideChoice id={only} scene={scene} />
      <IconButton icon="close" label={words.pin.everything} onClick={() => go({ only: null, view: null })} />
    </div>
  );
}

/** Compare a thing with another one. Details would lie over that, and in a narrow window panels, too. */
function compare(one: string, other: string): void {
  const isWide = matchMedia("(min-width: 900px)").matches;
  go({ only: one, beside: other, select: null, ...(!isWide && { panel: null }) });
}

/** What a thing can be compared with: the others of its kind. There may be very many: they are listed once somebody asks. */
export function BesideChoice({ id, scene }: { readonly id: string; readonly scene: Scene }) {
  const { words } = useLanguage();
  const registry = useRegistry();
  const [isAsked, setAsked] = useState(false);
  const others = useMemo(() => (isAsked ? othersOf(id, scene, registry) : []), [isAsked, id, scene, registry]);
  if (!hasOthers(id, scene, registry)) return null;
  return (
    <select
      className="beside"
      aria-label={words.compare.with}
      value=""
      onPointerDown={() => setAsked(true)}
      onFocus={() => setAsked(true)}
      onBlur={() => setAsked(false)}
      onChange={({ target }) => compare(id, target.value)}
    >
      <option value="">{words.compare.with}</option>
      {others.map((one) => (
        <option key={one.id} value={one.id}>
          {fullName(one, scene, registry)}
        </option>
      ))}
    </select>
  );
}
