import type { Json } from "../client/scene.ts";
import type { Turn } from "../domain/history.ts";
import type { Kind } from "../domain/kind.ts";
import { toneOf } from "../domain/status.ts";
import { statusWord } from "../domain/words.ts";
import { useLanguage } from "../i18n/i18n.tsx";
import { useNow } from "./calm.ts";
import { Mark } from "./icons.tsx";
import { goTo } from "./moment.ts";
import { useReserved } from "./settled.tsx";
import { useAge } from "./trust.tsx";

type SinceProps = {
  /** How its status went, the newest first. */
  readonly turns: readonly Turn[];
  readonly isAwaited: boolean;
  readonly kind: Kind;
};

/** Since when a thing is as it is, and what it was before; each leads to its moment. */
export function Since({ turns, isAwaited, kind }: SinceProps) {
  const language = useLanguage();
  const { words, fill, agoLong, moment, span } = language;
  const now = useNow(1000);
  const age = useAge(kind.name);
  const [last, earlier] = turns;
  const isReserved = useReserved(isAwaited);
  if (!last) return isReserved ? <div className="since" /> : null;
  const word = (status: Json) => statusWord(status, language, kind) || words.statuses.unknown;
  const lasted = earlier ? span((last.at - earlier.at) / 1000) : "";
  return (
    <p className={age ? "since is-old" : "since"}>
      <TurnMark status={last.to} kind={kind} />
      <span>
        {fill(last.isFirst ? words.details.atLeastSince : words.details.since, { status: word(last.to) })}{" "}
        <MomentLink at={last.at} />
      </span>
      {age && age.since !== null ? (
        <span className="as-of">{fill(words.trust.asOf, { moment: moment(age.since) })}</span>
      ) : (
        <span className="muted">{agoLong((now - last.at) / 1000)}</span>
      )}
      {last.came ? (
        <span className="muted">{last.isFirst ? words.details.first : words.details.came}</span>
      ) : (
        <span className="since-before">
          <TurnMark status={last.from} kind={kind} />
          {fill(lasted ? words.details.beforeFor : words.details.before, { status: word(last.from), lasted })}
        </span>
      )}
    </p>
  );
}

function TurnMark({ status, kind }: { readonly status: Json; readonly kind: Kind }) {
  return typeof status === "string" ? <Mark tone={toneOf(status, kind)} /> : null;
}

/** A moment that can be shown. */
export function MomentLink({ at }: { readonly at: number }) {
  const { words, moment } = useLanguage();
  return (
    <button type="button" className="text-button" title={words.time.go} onClick={() => goTo(at, true)}>
      {moment(at)}
    </button>
  );
}
