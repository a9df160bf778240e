import { useMemo } from "react";
import type { Kind } from "../domain/kind.ts";
import type { Registry } from "../domain/registry.ts";
import { openOf, type Trouble } from "../domain/troubles.ts";
import type { Unknown } from "../domain/unknowns.ts";
import { useLanguage } from "../i18n/i18n.tsx";
import { mayNotify, ring } from "./alarm.ts";
import { Empty } from "./bits.tsx";
import { useHeldTroubles } from "./heldTroubles.ts";
import { prefer, usePreferences } from "./preferences.ts";
import { useRegistry } from "./registry.tsx";
import { Settled, useAwaited } from "./settled.tsx";
import { TroubleLine } from "./TroubleLine.tsx";
import type { Troubles } from "./troubles.ts";
import { Unknowns, useUnknowns } from "./Unknowns.tsx";

const MOST = 200;
/** So long it is waited for what the map says of its problems; what the page sees itself is shown then. */
const PATIENCE_MS = 3000;

type PanelProps = {
  readonly all: Troubles;
  readonly onPick: (id: string) => void;
};

/** What is wrong, the gravest first; what somebody has seen stands back. */
export default function ProblemsPanel(props: PanelProps) {
  return (
    <div className="scroll padded problems">
      <Settled patience={PATIENCE_MS}>
        <Problems {...props} />
      </Settled>
    </div>
  );
}

function Problems({ all, onPick }: PanelProps) {
  const { words, plural } = useLanguage();
  useAwaited(!all.isSettled);
  const registry = useRegistry();
  const unknowns = useUnknowns();
  const { troubles, scene, isSettled } = all;
  const current = useMemo(() => new Map(troubles.map((one) => [one.key, one])), [troubles]);
  const unseen = useMemo(() => troubles.filter(({ isAcknowledged }) => !isAcknowledged), [troubles]);
  const { held, fresh, lastOf, sort } = useHeldTroubles(unseen, isSettled);
  const lines = (own: readonly Trouble[]) => (
    <ul className="lines">
      {own.slice(0, MOST).map((one) => (
        <TroubleLine
          key={one.key}
          trouble={current.get(one.key) ?? lastOf(one)}
          isOver={!current.has(one.key)}
          scene={scene}
          onPick={onPick}
        />
      ))}
    </ul>
  );
  const seen = troubles.filter(({ isAcknowledged }) => isAcknowledged);
  const listed = held.filter(({ key }) => !current.get(key)?.isAcknowledged);
  const notes = listed.filter(({ tone }) => tone === "busy");
  const open = openOf(listed);
  return (
    <>
      {open.length + fresh.length === 0 && isSettled && <NoProblems unknowns={unknowns} seen={seen.length} />}
      {groupsOf(open, registry).map(({ name, kind, own }) => (
        <section key={name}>
          <h3>
            {kind ? kind.plural || kind.label : words.problems[name as "sources" | "map"]}{" "}
            <span className="count">{own.filter(({ key }) => current.has(key)).length}</span>
          </h3>
          {lines(own)}
        </section>
      ))}
      <Unknowns unknowns={unknowns} />
      {notes.length > 0 && (
        <section>
          <h3>
            {words.problems.notes} <span className="count">{notes.length}</span>
          </h3>
          {lines(notes)}
        </section>
      )}
      {seen.length > 0 && (
        <details className="seen">
          <summary>
            <h3>
              {words.problems.seen} <span className="count">{seen.length}</span>
            </h3>
          </summary>
          {lines(seen)}
        </details>
      )}
      <Alarm />
      {fresh.length > 0 && (
        <section className="fresh">
          <h3>
            {plural(fresh.length, words.problems.new)}
            <button type="button" className="text-button" onClick={sort}>
              {words.problems.sort}
            </button>
          </h3>
          {lines(fresh)}
        </section>
      )}
    </>
  );
}

/** That no problem is open means that all is well only where nothing is unknown, and none has been seen and is still there. */
function NoProblems({ unknowns, seen }: { readonly unknowns: readonly Unknown[]; readonly seen: number }) {
  const { words } = useLanguage();
  if (seen > 0) return <Empty title={words.problems.allSeen} />;
  if (unknowns.length > 0) return <Empty title={words.problems.unknown} />;
  return <Empty title={words.problems.none}>{words.problems.noneHint}</Empty>;
}

type Group = { readonly name: string; readonly kind: Kind | null; readonly own: readonly Trouble[] };

/** Return those of the sources, of the map itself, and then of each kind, first those that have something grave. */
function groupsOf(troubles: readonly Trouble[], registry: Registry): readonly Group[] {
  const nameOf = ({ entity, key }: Trouble) => entity?.type ?? (key.startsWith("source ") ? "sources" : "map");
  const names = [["sources", null] as const, ["map", null] as const];
  return [...names, ...registry.kinds.map((kind) => [kind.name, kind] as const)]
    .map(([name, kind]) => ({ name, kind, own: troubles.filter((one) => nameOf(one) === name) }))
    .filter(({ own }) => own.length > 0)
    .sort((one, other) => Number(isGrave(other)) - Number(isGrave(one)));
}

function isGrave({ kind, own }: Group): boolean {
  return kind === null || own.some(({ tone }) => tone === "bad");
}

/** How new problems draw attention; off until somebody wishes it. */
function Alarm() {
  const { words } = useLanguage();
  const { sound, notifications } = usePreferences();
  return (
    <fieldset className="alarm">
      <legend>{words.problems.alarm}</legend>
      <label>
        <input
          type="checkbox"
          checked={sound}
          onChange={({ target }) => {
            prefer({ sound: target.checked });
            if (target.checked) ring();
          }}
        />
        {words.problems.sound}
      </label>
      <label>
        <input
          type="checkbox"
          checked={notifications}
          onChange={async ({ target: { checked } }) => prefer({ notifications: checked && (await mayNotify()) })}
        />
        {words.problems.notifications}
      </label>
    </fieldset>
  );
}
