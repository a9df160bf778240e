import type { SnapshotMeta } from "../client/messages.ts";
import { useLanguage } from "../i18n/i18n.tsx";
import { useNow } from "./calm.ts";
import { Mark } from "./icons.tsx";

/** A banner over everything while the map does not follow its log: what is shown then is not the whole truth. */
export function CutOff({ meta }: { readonly meta: SnapshotMeta | null }) {
  const { words, fill, ago } = useLanguage();
  const now = useNow(1000);
  if (!meta || !isCutOff(meta)) return null;
  const since = meta.standing_still_since;
  const text = since ? fill(words.cutOff.still, { ago: ago(since, now) }) : words.cutOff.own;
  return (
    <div className="cut-off" role="alert">
      <Mark tone="warn" />
      <span>{text}</span>
    </div>
  );
}

/** Whether the map has lost its log. */
export function isCutOff({ phase, standing_still_since }: SnapshotMeta): boolean {
  return phase === "on_its_own" || standing_still_since !== null;
}
