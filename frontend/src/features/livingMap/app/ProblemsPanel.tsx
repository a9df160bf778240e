import { GROUPS, type Problem } from "../domain/problems.ts";
import { statusWord } from "../domain/words.ts";
import { useLivingMap } from "../hooks/selectors.ts";
import { useLanguage } from "../i18n/i18n.tsx";
import { Empty, EntityLine } from "./bits.tsx";
import { isCutOff } from "./CutOff.tsx";
import { Icon, Mark } from "./icons.tsx";
import { go } from "./url.ts";

const MOST = 200;

/** What is wrong, the gravest first. */
export function ProblemsPanel({
  problems,
  onPick,
}: {
  readonly problems: readonly Problem[];
  readonly onPick: (id: string) => void;
}) {
  const { words } = useLanguage();
  const meta = useLivingMap((state) => state.data.meta);
  if (problems.length === 0 && meta && isCutOff(meta)) return <Empty title={words.problems.unknown} />;
  if (problems.length === 0) return <Empty title={words.problems.none}>{words.problems.noneHint}</Empty>;
  return (
    <div className="scroll padded">
      {GROUPS.map((group) => {
        const own = problems.filter((one) => one.group === group);
        if (own.length === 0) return null;
        return (
          <section key={group}>
            <h3>
              {words.problems.groups[group]} <span className="count">{own.length}</span>
            </h3>
            <ul className="lines">
              {own.slice(0, MOST).map((problem) => (
                <li key={problem.key}>
                  <ProblemLine problem={problem} onPick={onPick} />
                </li>
              ))}
            </ul>
          </section>
        );
      })}
    </div>
  );
}

function ProblemLine({ problem, onPick }: { readonly problem: Problem; readonly onPick: (id: string) => void }) {
  const text = useText(problem);
  const { entity, source, tone } = problem;
  if (entity) {
    return (
      <EntityLine {...entity} tone={tone} onPick={onPick}>
        <span className={`tone-text tone-${tone}`}>{text}</span>
      </EntityLine>
    );
  }
  return (
    <button type="button" className="line" onClick={() => go({ panel: "sources" })}>
      <Icon name="sources" />
      <span className="line-text">
        <span className="line-name">{source?.service}</span>
        <span className={`line-more tone-text tone-${tone}`}>{text}</span>
      </span>
      <span className="line-status">
        <Mark tone={tone} />
      </span>
    </button>
  );
}

function useText({ what, source, entity }: Problem): string {
  const language = useLanguage();
  const { problems, values } = language.words;
  if (what.kind === "load")
    return language.fill(problems.load, { what: values.load, n: language.percent(Number(what.text)) });
  if (what.kind === "collision") return language.fill(problems.collision, { id: what.text });
  if (what.kind === "status") return statusWord(what.text, language, entity?.type);
  if (what.kind === "alert") {
    const alerts: Readonly<Record<string, string>> = problems.alerts;
    return alerts[what.text] ?? what.text.replaceAll(/[._]/g, " ");
  }
  const status = source?.status;
  return status === "down" || status === "stale" || status === "failed" ? problems[status] : what.text;
}
