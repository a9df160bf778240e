import type { SourceBrief } from "../client/scene.ts";
import { faultsOf, isOld, toneOfSource, troubleOf } from "../domain/freshness.ts";
import { useLanguage } from "../i18n/i18n.tsx";
import { Empty } from "./bits.tsx";
import { useNow } from "./calm.ts";
import { Mark } from "./icons.tsx";

/** Where the map's data comes from, and how fresh each part is. */
export default function SourcesPanel({ sources }: { readonly sources: readonly SourceBrief[] }) {
  const { words } = useLanguage();
  const now = useNow(1000);
  if (sources.length === 0) return <Empty title={words.sources.label}>{words.sources.hidden}</Empty>;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
    <ul className="scroll padded sources" aria-label={words.sources.label} tabIndex={0}>
      {[...sources].sort(byTrouble).map((source) => (
        <Source key={source.name} source={source} now={now} />
      ))}
    </ul>
  );
}

/** What is in trouble comes first; all else stays where it is. */
function byTrouble(one: SourceBrief, other: SourceBrief): number {
  return Number(isOld(other)) - Number(isOld(one));
}

function Source({ source, now }: { readonly source: SourceBrief; readonly now: number }) {
  const { words, fill, plural, ago } = useLanguage();
  const { name, service, status, observed_at } = source;
  const tone = toneOfSource(source);
  return (
    <li className="source">
      <div className="source-head">
        <span className="source-name">{service}</span>
        <span className={`chip tone-${tone}`} title={words.sources.hint[status]}>
          <Mark tone={tone} />
          {words.sources.status[status]}
        </span>
      </div>
      <p className="muted">
        <code>{name}</code>
        {" · "}
        {observed_at ? fill(words.sources.read, { ago: ago(observed_at, now) }) : words.sources.never}
      </p>
      {status !== "fresh" && <p className="muted">{words.sources.hint[status]}</p>}
      {faultsOf(source).map((fault) => (
        <p key={fault} className="source-error">
          {fault}
        </p>
      ))}
      {troubleOf(source).map(({ kind, count, lines }) => (
        <details key={kind} className="source-trouble">
          <summary>{plural(count, words.sources.trouble[kind])}</summary>
          <ul>
            {unique(lines).map((line) => (
              <li key={line}>
                <code>{line}</code>
              </li>
            ))}
          </ul>
        </details>
      ))}
    </li>
  );
}

function unique(lines: readonly string[]): readonly string[] {
  return [...new Set(lines)];
}
