import { useState } from "react";
import { doubtText } from "../domain/doubts.ts";
import { dated, type Trouble } from "../domain/troubles.ts";
import { type Doubt, isOfAll } from "../domain/trust.ts";
import { useLivingMapClient } from "../hooks/LivingMapProvider.tsx";
import { useLanguage } from "../i18n/i18n.tsx";
import { IconButton } from "./bits.tsx";
import { useClock } from "./calm.ts";
import { useDismissed } from "./dismissed.ts";
import { Icon, Mark } from "./icons.tsx";
import { useTrust } from "./trust.tsx";
import { go } from "./url.ts";

/** One banner over everything while what is shown may not be the present: since when, and what that means. In a narrow window all of it is shown once it is opened. */
export function DoubtsBanner({ troubles }: { readonly troubles: readonly Trouble[] }) {
  const { words } = useLanguage();
  const { doubts } = useTrust();
  const [isOpen, setOpen] = useState(false);
  const [isDismissed, dismiss] = useDismissed(keyOf(doubts));
  if (doubts.length === 0 || (isDismissed && !doubts.some(isOfAll))) return null;
  const isGrave = doubts.some(({ kind }) => kind !== "paused" && kind !== "pending" && kind !== "sources");
  return (
    <div className={isOpen ? "doubts is-open" : "doubts"} role={isGrave ? "alert" : "status"}>
      <ul>
        {doubts.map((doubt) => (
          <DoubtLine key={doubt.kind} doubt={dated(doubt, troubles)} />
        ))}
      </ul>
      <button
        type="button"
        className="icon-button doubts-more"
        title={words.trust.more}
        aria-label={words.trust.more}
        aria-expanded={isOpen}
        onClick={() => setOpen(!isOpen)}
      >
        <Icon name={isOpen ? "up" : "down"} />
      </button>
      {!doubts.some(isOfAll) && <IconButton icon="close" label={words.trust.close} onClick={dismiss} />}
    </div>
  );
}

/** What was closed comes back when it is about something else. */
function keyOf(doubts: readonly Doubt[]): string {
  return doubts
    .map((doubt) =>
      doubt.kind === "sources" ? doubt.sources.map(({ name, status }) => `${name} ${status}`).join() : doubt.kind,
    )
    .join();
}

function DoubtLine({ doubt }: { readonly doubt: Doubt }) {
  const language = useLanguage();
  const { trust, events } = language.words;
  const client = useLivingMapClient();
  const { kind } = doubt;
  return (
    <li className={`doubt is-${kind}`}>
      {kind === "paused" ? <Icon name="pause" /> : <Mark tone={kind === "pending" ? "busy" : "warn"} />}
      <span>
        <strong>{doubtText(doubt, language)}.</strong>{" "}
        {hasShown(doubt) && <span className="doubt-meaning">{trust.meaning[kind]}</span>}{" "}
        <Ago since={doubt.since} />
      </span>
      {kind === "paused" && (
        <button type="button" className="button" onClick={() => client.resume()}>
          {events.resume}
        </button>
      )}
      {(kind === "away" || kind === "refused") && (
        <button type="button" className="button" onClick={() => client.retry()}>
          {trust.retry}
        </button>
      )}
      {kind === "sources" && (
        <button type="button" className="button" onClick={() => go({ panel: "sources" })}>
          {trust.sources}
        </button>
      )}
    </li>
  );
}

/** Whether anything is shown that the doubt is about: of a source that was never read nothing is. */
function hasShown(doubt: Doubt): boolean {
  return doubt.kind !== "sources" || doubt.sources.some(({ observed_at }) => observed_at !== null);
}

/** How long ago that was. It changes every second, and is not read out each time: the moment itself is. */
function Ago({ since }: { readonly since: number | null }) {
  const { agoLong } = useLanguage();
  const now = useClock(1000);
  if (since === null) return null;
  return (
    <span className="doubt-ago" aria-hidden="true">
      ({agoLong((now - since) / 1000)})
    </span>
  );
}
