import type { MapState } from "../client/state.ts";
import { useLivingMapClient } from "../hooks/LivingMapProvider.tsx";
import { useLanguage } from "../i18n/i18n.tsx";
import { Icon } from "./icons.tsx";

/** Holds the page still, and lets it go on. */
export function PauseButton({ state }: { readonly state: MapState }) {
  const client = useLivingMapClient();
  const { words, plural } = useLanguage();
  const { paused, held } = state;
  return (
    <button
      type="button"
      className={paused ? "pause is-paused" : "pause"}
      title={paused ? plural(held, words.events.held) : words.events.pause}
      onClick={() => (paused ? client.resume() : client.pause())}
    >
      <Icon name={paused ? "play" : "pause"} />
      {paused ? words.events.resume : words.events.pause}
      {paused && held > 0 && <span className="count">{held > 999 ? "999+" : held}</span>}
    </button>
  );
}
