import type { Scene } from "../client/scene.ts";
import type { MapState } from "../client/state.ts";
import { measuresOf } from "../domain/measures.ts";
import { openOf } from "../domain/troubles.ts";
import { useLanguage } from "../i18n/i18n.tsx";
import { IconButton } from "./bits.tsx";
import { Icon } from "./icons.tsx";
import { later } from "./later.tsx";
import { useRegistry } from "./registry.tsx";
import { SearchPanel } from "./SearchPanel.tsx";
import type { Troubles } from "./troubles.ts";
import { go, PANELS, type Panel, usePlace } from "./url.ts";

const ProblemsPanel = later(() => import("./ProblemsPanel.tsx"));
const EventsPanel = later(() => import("./EventsPanel.tsx"));
const TrendsPanel = later(() => import("./TrendsPanel.tsx"));
const SourcesPanel = later(() => import("./SourcesPanel.tsx"));

type SidePanelProps = {
  readonly state: MapState;
  /** All that there is, be it pinned away or not. */
  readonly whole: Scene;
  readonly troubles: Troubles;
  readonly onPick: (id: string) => void;
};

/** The panels beside the map, one at a time. */
export function SidePanel({ state, whole, troubles, onPick }: SidePanelProps) {
  const { words } = useLanguage();
  const { panel } = usePlace();
  const { data } = state;
  const registry = useRegistry();
  return (
    <>
      <nav className="rail" aria-label={words.panels.label}>
        {PANELS.filter((one) => one !== "trends" || measuresOf(registry).length > 0).map((one) => (
          <RailButton key={one} panel={one} current={panel} troubles={troubles} />
        ))}
      </nav>
      {panel && (
        <section className="panel" aria-label={words.panels[panel]}>
          <header>
            <h2>{words.panels[panel]}</h2>
            <IconButton icon="close" label={words.panels.close} onClick={() => go({ panel: null })} />
          </header>
          {panel === "search" && <SearchPanel scene={data.scene} onPick={onPick} />}
          {panel === "problems" && data.meta && <ProblemsPanel all={troubles} onPick={onPick} />}
          {panel === "events" && <EventsPanel state={state} onPick={onPick} />}
          {panel === "trends" && data.meta && <TrendsPanel scene={whole} />}
          {panel === "sources" && <SourcesPanel sources={data.meta?.sources ?? []} />}
        </section>
      )}
    </>
  );
}

type RailButtonProps = {
  readonly panel: Panel;
  readonly current: Panel | null;
  readonly troubles: Troubles;
};

function RailButton({ panel, current, troubles }: RailButtonProps) {
  const { words, plural } = useLanguage();
  const isCurrent = panel === current;
  const problems = openOf(troubles.troubles);
  const grave = problems.some(({ tone }) => tone === "bad");
  return (
    <button type="button" aria-expanded={isCurrent} onClick={() => go({ panel: isCurrent ? null : panel })}>
      <Icon name={panel} />
      <span className="rail-name">{words.panels[panel]}</span>
      {panel === "problems" && problems.length > 0 && (
        <span className={`badge ${grave ? "is-grave" : ""}`}>
          <span aria-hidden="true">{problems.length > 99 ? "99+" : problems.length}</span>
          <span className="hidden">{plural(problems.length, words.problems.counts)}</span>
        </span>
      )}
    </button>
  );
}
