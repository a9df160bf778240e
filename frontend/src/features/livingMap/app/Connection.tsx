import type { MapState } from "../client/state.ts";
import type { Tone } from "../domain/tones.ts";
import { useLivingMapClient } from "../hooks/LivingMapProvider.tsx";
import { useLanguage } from "../i18n/i18n.tsx";
import { isCutOff } from "./CutOff.tsx";
import { useNow } from "./calm.ts";
import { Mark } from "./icons.tsx";

const TONES: Readonly<Record<MapState["connection"]["status"], Tone>> = {
  idle: "off",
  connecting: "busy",
  live: "good",
  reconnecting: "warn",
  unauthenticated: "off",
  forbidden: "bad",
  refused: "bad",
};

/** Whether what is seen is live, and what is being done about it if not. */
export function ConnectionPill({ state }: { readonly state: MapState }) {
  const client = useLivingMapClient();
  const { words, fill, ago } = useLanguage();
  const { connection, data } = state;
  const { status, transport, retryAt } = connection;
  const isStale = status === "live" && data.meta !== null && isCutOff(data.meta);
  const now = useNow(1000);
  const seconds = retryAt === null ? 0 : Math.max(0, Math.ceil((retryAt - now) / 1000));
  const hint =
    status === "live"
      ? words.connection[transport === "events" ? "byEvents" : "byWebSocket"]
      : data.generatedAt && fill(words.connection.old, { ago: ago(data.generatedAt, now) });
  return (
    <div className={`connection is-${status}`} title={hint || undefined}>
      <output aria-live="polite">
        <Mark tone={isStale ? "warn" : TONES[status]} />
        <span className="connection-word">{isStale ? words.connection.cutOff : words.connection[status]}</span>
        {transport === "events" && <span className="connection-way">SSE</span>}
      </output>
      {status === "reconnecting" && seconds > 0 && (
        <>
          <span className="connection-wait">{fill(words.connection.again, { n: seconds })}</span>
          <button type="button" className="text-button" onClick={() => client.retry()}>
            {words.connection.now}
          </button>
        </>
      )}
    </div>
  );
}
