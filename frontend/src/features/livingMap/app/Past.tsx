import type { SnapshotMeta } from "../client/messages.ts";
import type { MapState } from "../client/state.ts";
import { useLanguage } from "../i18n/i18n.tsx";
import { useClock } from "./calm.ts";
import { Icon } from "./icons.tsx";
import { goLive, goToTime } from "./moment.ts";

/** A banner over everything while what is shown is not the present: which moment it is, how long ago, and what is not known of it. */
export function PastBanner({ state }: { readonly state: MapState }) {
  const { words } = useLanguage();
  const { time, data, recording } = state;
  if (time.mode === "live") return null;
  const gap = data.meta?.gaps?.[0];
  return (
    <div className="past" role={time.error ? "alert" : "status"}>
      <Icon name="past" />
      <MomentText state={state} />
      {gap && !time.error && <Lacking {...gap} />}
      {!recording && (
        <button type="button" className="button primary" onClick={goLive}>
          {words.time.live}
        </button>
      )}
    </div>
  );
}

function MomentText({ state }: { readonly state: MapState }) {
  const { words, fill, agoLong, fullMoment: written } = useLanguage();
  const now = useClock(1000);
  const { moment, at, isLoading, error } = state.time;
  if (error) return <Failure state={state} />;
  const shown = moment ?? Date.parse(at ?? "");
  const text = Number.isNaN(shown) ? (at ?? "") : written(shown);
  if (isLoading && moment === null) return <span>{fill(words.time.reading, { moment: text })}</span>;
  return (
    <span>
      <strong>{text}</strong>
      <span className="past-ago">{agoLong((now - shown) / 1000)}.</span>{" "}
      <span className="past-note">{words.time.notPresent}</span>
    </span>
  );
}

type PastGap = SnapshotMeta["gaps"][number];

const TIME = /\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)/g;

/** Why a moment cannot be shown. What is older than the oldest that is kept leads there. */
function Failure({ state: { time } }: { readonly state: MapState }) {
  const { words } = useLanguage();
  const [oldest] = [...(time.error?.message ?? "").matchAll(TIME)].at(-1) ?? [];
  const isForgotten = time.error?.code === "not_kept";
  return (
    <span>
      <strong>{isForgotten ? words.time.notKept : words.time.failed}</strong>{" "}
      {isForgotten && oldest ? (
        <button type="button" className="text-button" onClick={() => goToTime(oldest)}>
          {words.time.oldest}
        </button>
      ) : (
        <span>{time.error?.message}</span>
      )}
    </span>
  );
}

function Lacking({ since, until, reason }: PastGap) {
  const { words, fill, moment } = useLanguage();
  const [from, to] = [moment(Date.parse(since)), moment(Date.parse(until))];
  return <span className="past-gap">{fill(words.time.lacking, { since: from, until: to, reason })}</span>;
}
