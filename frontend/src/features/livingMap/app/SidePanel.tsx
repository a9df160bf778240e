import type { MapState } from "../client/state.ts";
import type { Problem } from "../domain/problems.ts";
import { useLanguage } from "../i18n/i18n.tsx";
import { IconButton } from "./bits.tsx";
import { EventsPanel } from "./EventsPanel.tsx";
import { Icon } from "./icons.tsx";
import { ProblemsPanel } from "./ProblemsPanel.tsx";
import { SearchPanel } from "./SearchPanel.tsx";
import { SourcesPanel } from "./SourcesPanel.tsx";
import { go, PANELS, type Panel, usePlace } from "./url.ts";

type SidePanelProps = {
  readonly state: MapState;
  readonly problems: readonly Problem[];
  readonly onPick: (id: string) => void;
};

/** The panels beside the map, one at a time. */
export function SidePanel({ state, problems, onPick }: SidePanelProps) {
  const { words } = useLanguage();
  const { panel } = usePlace();
  const { data } = state;
  return (
    <>
      <nav className="rail" aria-label={words.panels.label}>
        {PANELS.map((one) => (
          <RailButton key={one} panel={one} current={panel} problems={problems} />
        ))}
      </nav>
      {panel && (
        <section className="panel" aria-label={words.panels[panel]}>
          <header>
            <h2>{words.panels[panel]}</h2>
            <IconButton icon="close" label={words.panels.close} onClick={() => go({ panel: null })} />
          </header>
          {panel === "search" && <SearchPanel scene={data.scene} onPick={onPick} />}
          {panel === "problems" && <ProblemsPanel problems={problems} onPick={onPick} />}
          {panel === "events" && <EventsPanel state={state} onPick={onPick} />}
          {panel === "sources" && <SourcesPanel sources={data.meta?.sources ?? []} />}
        </section>
      )}
    </>
  );
}

type RailButtonProps = {
  readonly panel: Panel;
  readonly current: Panel | null;
  readonly problems: readonly Problem[];
};

function RailButton({ panel, current, problems }: RailButtonProps) {
  const { words, plural } = useLanguage();
  const isCurrent = panel === current;
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
