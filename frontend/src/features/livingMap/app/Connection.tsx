import { mapTime } from "../client/clock.ts";
import type { MapState } from "../client/state.ts";
import type { Tone } from "../domain/tones.ts";
import { useLivingMapClient } from "../hooks/LivingMapProvider.tsx";
import { useLanguage } from "../i18n/i18n.tsx";
import { useClock } from "./calm.ts";
import { Icon, Mark } from "./icons.tsx";
import { useTrust } from "./trust.tsx";

const TONES: Readonly<Record<MapState["connection"]["status"], Tone>> = {
  idle: "off",
  connecting: "busy",
  live: "good",
  reconnecting: "warn",
  unauthenticated: "off",
  forbidden: "bad",
  refused: "bad",
  error: "bad",
};

/** Whether what is seen is live, and what is being done about it if not. */
export function ConnectionPill({ state }: { readonly state: MapState }) {
  const client = useLivingMapClient();
  const { words, fill } = useLanguage();
  const { connection, time, recording } = state;
  const { status, transport, retryAt } = connection;
  const doubt = useDoubtWord();
  const now = useClock(1000);
  const seconds = retryAt === null ? 0 : Math.max(0, Math.ceil((mapTime(retryAt) - now) / 1000));
  const hint =
    status === "live" ? words.connection[transport === "events" ? "byEvents" : "byWebSocket"] : undefined;
  if (recording || (time.mode === "past" && status === "live")) return <PastPill />;
  const isDoubted = status === "live" && doubt !== null;
  return (
    <div className={`connection is-${status} ${isDoubted ? "is-doubted" : ""}`} title={hint}>
      <output aria-live="polite">
        <Mark tone={isDoubted ? "warn" : TONES[status]} />
        <span className="connection-word">{isDoubted ? doubt : words.connection[status]}</span>
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

/** Return why a map that is connected is not live all the same; null where it is. */
function useDoubtWord(): string | null {
  const { connection } = useLanguage().words;
  const kinds = useTrust().doubts.map(({ kind }) => kind);
  if (kinds.includes("still") || kinds.includes("alone")) return connection.cutOff;
  if (kinds.includes("paused")) return connection.paused;
  return kinds.includes("sources") ? connection.old : null;
}

/** What is seen is not live, however good the connection is. */
function PastPill() {
  const { words } = useLanguage();
  return (
    <div className="connection is-past">
      <output aria-live="polite">
        <Icon name="past" />
        <span className="connection-word">{words.time.past}</span>
      </output>
    </div>
  );
}
