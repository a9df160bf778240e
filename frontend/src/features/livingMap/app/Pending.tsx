import type { SnapshotMeta } from "../client/messages.ts";
import { useLanguage } from "../i18n/i18n.tsx";
import { isCutOff } from "./CutOff.tsx";
import { Mark } from "./icons.tsx";

/** A banner while it is still being asked what the reader may see: the map does not show all of it yet. */
export function Pending({ meta }: { readonly meta: SnapshotMeta | null }) {
  const { words } = useLanguage();
  if (meta?.access !== "pending" || isCutOff(meta)) return null;
  return (
    <div className="cut-off" role="status">
      <Mark tone="busy" />
      <span>{words.pending}</span>
    </div>
  );
}
