import type { MapState } from "../client/state.ts";
import { catalogue } from "../domain/catalogue.ts";
import { useLivingMapClient } from "../hooks/LivingMapProvider.tsx";
import { useLanguage } from "../i18n/i18n.tsx";
import { Login } from "./Login.tsx";
import { useRegistry } from "./registry.tsx";
import { Summary, summaryOf } from "./Summary.tsx";
import { useSession } from "./session.ts";

/** What stands in the way of the map, if anything does. */
export function Notice({ state, isReady }: { readonly state: MapState; readonly isReady: boolean }) {
  const client = useLivingMapClient();
  const { words } = useLanguage();
  const session = useSession();
  const registry = useRegistry();
  const { connection, data } = state;
  const { status, error } = connection;
  if (status === "forbidden") return <Login reason="forbidden" detail={error?.message ?? null} onClose={null} />;
  if (status === "unauthenticated") {
    return <Login reason={session ? "expired" : "needed"} detail={error?.message ?? null} onClose={null} />;
  }
  const hasData = data.meta !== null;
  if (!hasData && state.time.error) return null; // the banner says why
  const hasFailed = status === "refused" || (error !== null && error.status !== 401); // after a 401 it tries once more
  if (!hasData && state.time.mode === "live" && hasFailed) {
    return (
      <div className="notice" role="alert">
        <h2>{words.failed.title}</h2>
        <p>{error?.message}</p>
        <button type="button" className="button primary" onClick={() => client.retry()}>
          {words.failed.retry}
        </button>
      </div>
    );
  }
  if (!hasData || !isReady) return <output className="notice is-quiet">{words.failed.reading}</output>;
  const counts = summaryOf(data.scene, registry);
  if (counts) return <Summary counts={counts} />;
  if (catalogue(data.scene, registry).length === 0) {
    const isRead = data.meta?.sources.every(({ status }) => status === "fresh" || status === "disabled");
    return (
      <div className="notice">
        <h2>{words.failed.empty}</h2>
        <p>{isRead ? words.failed.emptyRead : words.failed.emptyHint}</p>
      </div>
    );
  }
  return null;
}
