import type { Kind } from "../domain/kind.ts";
import { hasAnswer, type Problem } from "../domain/problems.ts";
import type { Registry } from "../domain/registry.ts";
import { loadWord, statusWord } from "../domain/words.ts";
import { useLivingMap } from "../hooks/selectors.ts";
import { useLanguage } from "../i18n/i18n.tsx";
import { Empty, EntityLine } from "./bits.tsx";
import { isCutOff } from "./CutOff.tsx";
import { Icon, Mark } from "./icons.tsx";
import { useRegistry } from "./registry.tsx";
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
  const registry = useRegistry();
  if (problems.length === 0) return <NoProblems />;
  return (
    <div className="scroll padded">
      {groupsOf(problems, registry).map(({ kind, own }) => (
        <section key={kind?.name ?? ""}>
          <h3>
            {kind ? kind.plural || kind.label : words.problems.sources} <span className="count">{own.length}</span>
          </h3>
          <ul className="lines">
            {own.slice(0, MOST).map((problem) => (
              <li key={problem.key}>
                <ProblemLine problem={problem} onPick={onPick} />
              </li>
            ))}
          </ul>
        </section>
      ))}
    </div>
  );
}

/** That no problem is known means that all is well only where somebody would know. */
function NoProblems() {
  const { words } = useLanguage();
  const meta = useLivingMap((state) => state.data.meta);
  if (meta && isCutOff(meta)) return <Empty title={words.problems.unknown} />;
  if (!meta || !hasAnswer(meta.sources)) {
    return <Empty title={words.problems.unanswered}>{words.problems.unansweredHint}</Empty>;
  }
  return <Empty title={words.problems.none}>{words.problems.noneHint}</Empty>;
}

type Group = { readonly kind: Kind | null; readonly own: readonly Problem[] };

/** Return the problems of the sources, and then of each kind, in the order of the kinds. */
function groupsOf(problems: readonly Problem[], registry: Registry): readonly Group[] {
  const groups: Group[] = [null, ...registry.kinds].map((kind) => ({
    kind,
    own: problems.filter(({ entity }) => (entity?.type ?? null) === (kind?.name ?? null)),
  }));
  return groups.filter(({ own }) => own.length > 0);
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
  const kind = useRegistry().kindOf(entity?.type ?? "");
  const { problems } = language.words;
  if (what.kind === "load") {
    const [load, n] = [loadWord("load", kind, language), language.percent(Number(what.text))];
    return language.fill(problems.load, { what: load, n });
  }
  if (what.kind === "collision") return language.fill(problems.collision, { id: what.text });
  if (what.kind === "status") return statusWord(what.text, language, kind);
  if (what.kind === "alert") {
    const word = statusWord(what.text, language, kind);
    return word === what.text ? word.replaceAll(".", " ") : word;
  }
  const status = source?.status;
  return status === "down" || status === "stale" || status === "failed" ? problems[status] : what.text;
}
