import { useVirtualizer, type VirtualItem } from "@tanstack/react-virtual";
import { type KeyboardEvent, type ReactNode, type RefObject, useDeferredValue, useMemo, useRef } from "react";
import type { Scene } from "../client/scene.ts";
import { catalogue, type Entity, type Filters, facetsOf, listed, matches } from "../domain/catalogue.ts";
import { glanceText, soonestFirst } from "../domain/glance.ts";
import type { Registry } from "../domain/registry.ts";
import { layerWord, statusWord } from "../domain/words.ts";
import { useLanguage } from "../i18n/i18n.tsx";
import { Empty, EntityLine } from "./bits.tsx";
import { Icon } from "./icons.tsx";
import { OpenLink, useLinks } from "./links.tsx";
import { useNewest, useTime } from "./moment.ts";
import { useRegistry } from "./registry.tsx";
import { focusLine, useRoving } from "./roving.ts";
import { Settled } from "./settled.tsx";
import { go, usePlace } from "./url.ts";

const LINE_PX = 52;
/** Of one type each line says what the thing is at a glance, in up to two lines. */
const LONG_LINE_PX = 70;
const SOON_MS = 60_000;

/** Search with filters; what is picked is flown to. */
export function SearchPanel({ scene, onPick }: { readonly scene: Scene; readonly onPick: (id: string) => void }) {
  const language = useLanguage();
  const { words, plural } = language;
  const { q, type, status, layer, select } = usePlace();
  const filters = useDeferredValue(useMemo(() => ({ q, type, status, layer }), [q, type, status, layer]));
  const registry = useRegistry();
  const all = catalogue(scene, registry);
  const hits = useHits(all, filters);
  const facets = useMemo(() => facetsOf(all), [all]);
  const isFiltered = Boolean(q || type || status || layer);
  const box = useRef<HTMLDivElement>(null);
  const onKey = (event: KeyboardEvent) => {
    if (event.key === "Enter" && hits[0]) onPick(hits[0].id);
    if (event.key !== "ArrowDown") return;
    event.preventDefault();
    box.current?.scrollTo(0, 0);
    focusLine(box, 0);
  };
  return (
    <>
      <search className="search">
        <label className="search-field">
          <Icon name="search" />
          <span className="hidden">{words.search.label}</span>
          <input
            id="search"
            type="search"
            value={q}
            placeholder={words.search.placeholder}
            autoComplete="off"
            spellCheck={false}
            onChange={(event) => go({ q: event.target.value })}
            onKeyDown={onKey}
          />
        </label>
        <div className="filters">
          <Choice
            filter="type"
            value={type}
            options={[...facets.type].sort()}
            label={words.search.type}
            name={(one) => registry.kindOf(one).label}
          />
          <Choice
            filter="status"
            value={status}
            options={[...facets.status.keys()].sort()}
            label={words.search.status}
            name={(one) => statusWord(one, language, registry.kindOf(type || (facets.status.get(one) ?? "")))}
          />
          <Choice
            filter="layer"
            value={layer}
            options={layersIn(facets.layer, registry)}
            label={words.search.layer}
            name={(one) => layerWord(one, registry)}
          />
        </div>
        <div className="search-count">
          <output>{plural(hits.length, words.search.found)}</output>
          {isFiltered && (
            <button
              type="button"
              className="text-button"
              onClick={() => go({ q: "", type: "", status: "", layer: "" })}
            >
              {words.search.clear}
            </button>
          )}
        </div>
      </search>
      <Hits
        key={String(Boolean(filters.type))}
        box={box}
        hits={hits}
        type={filters.type}
        scene={scene}
        selected={select}
        onPick={onPick}
        label={words.panels.search}
      >
        {isFiltered && <Empty title={words.search.nothing} />}
      </Hits>
    </>
  );
}

/** Return what fits the filters; of one type, unless a text is searched, that comes first of which something ends next. */
function useHits(all: readonly Entity[], filters: Filters): readonly Entity[] {
  const registry = useRegistry();
  const newest = useNewest(SOON_MS);
  const moment = useTime().moment ?? newest;
  const now = Math.floor(moment / SOON_MS) * SOON_MS;
  return useMemo(() => {
    const hits = matches(listed(all, registry), filters);
    return filters.type && !filters.q ? soonestFirst(hits, registry.kindOf(filters.type), now) : hits;
  }, [all, registry, filters, now]);
}

/** Return the layers that have something, as the switch orders them; last those that only lists have. */
function layersIn(names: ReadonlySet<string>, { layers }: Registry): readonly string[] {
  const filled = new Set(names);
  const switched = layers.map(({ name }) => name).filter((name) => filled.delete(name));
  return [...switched, ...[...filled].sort()];
}

type ChoiceProps = {
  readonly filter: "type" | "status" | "layer";
  readonly value: string;
  readonly options: readonly string[];
  readonly label: string;
  readonly name: (value: string) => string;
};

function Choice({ filter, value, options, label, name }: ChoiceProps) {
  const { words } = useLanguage();
  const all = value && !options.includes(value) ? [value, ...options] : options;
  return (
    <label className="choice">
      <span>{label}</span>
      <select value={value} onChange={(event) => go({ [filter]: event.target.value })}>
        <option value="">{words.search.any}</option>
        {all.map((one) => (
          <option key={one} value={one}>
            {name(one)}
          </option>
        ))}
      </select>
    </label>
  );
}

type HitsProps = {
  readonly box: RefObject<HTMLDivElement | null>;
  readonly hits: readonly Entity[];
  /** Of one type each line says what its thing is at a glance. */
  readonly type: string;
  readonly scene: Scene;
  readonly selected: string | null;
  readonly onPick: (id: string) => void;
  readonly label: string;
  /** What is shown where nothing is found. */
  readonly children: ReactNode;
};

function Hits({ box, hits, type, scene, selected, onPick, label, children }: HitsProps) {
  const rows = useVirtualizer({
    count: hits.length,
    getScrollElement: () => box.current,
    estimateSize: () => (type ? LONG_LINE_PX : LINE_PX),
    overscan: 8,
    initialRect: { width: 300, height: 600 },
  });
  const toSearch = () => document.getElementById("search")?.focus();
  const { active, handlers } = useRoving(hits.length, box, (index) => rows.scrollToIndex(index), toSearch);
  const drawn = rows.getVirtualItems();
  if (hits.length === 0 && children) return children;
  const lines = { hits, drawn, height: rows.getTotalSize(), active, scene, selected, onPick, label };
  return (
    <div ref={box} className="scroll" {...handlers}>
      {type ? (
        <Settled key={type}>
          <LinkedLines {...lines} />
        </Settled>
      ) : (
        <Lines {...lines} />
      )}
    </div>
  );
}

type LinesProps = {
  readonly hits: readonly Entity[];
  readonly drawn: readonly VirtualItem[];
  readonly height: number;
  /** Which line Tab reaches. */
  readonly active: number;
  readonly scene: Scene;
  readonly selected: string | null;
  readonly onPick: (id: string) => void;
  readonly label: string;
};

/** Of so many lines it is asked at once where they lead to. */
const LINKED = 40;

/** Lines of one type: what each is at a glance, and the page that it has elsewhere. */
function LinkedLines(props: LinesProps) {
  const { hits, drawn } = props;
  const first = Math.floor((drawn[0]?.index ?? 0) / LINKED) * LINKED;
  const links = useLinks(hits.slice(first, first + 2 * LINKED).map(({ id }) => id));
  return <Lines {...props} links={links} />;
}

function Lines({
  hits,
  drawn,
  height,
  active,
  scene,
  selected,
  onPick,
  label,
  links,
}: LinesProps & { readonly links?: ReturnType<typeof useLinks> }) {
  const language = useLanguage();
  const registry = useRegistry();
  // a line that has been scrolled away cannot be reached: then it is the first that is drawn
  const stop = drawn.some(({ index }) => index === active) ? active : drawn[0]?.index;
  return (
    <ul className={links ? "lines are-long" : "lines"} aria-label={label} style={{ height }}>
      {drawn.map(({ index, start }) => {
        const hit = hits[index];
        if (!hit) return null;
        const link = links?.get(hit.id);
        const isStop = index === stop;
        return (
          <li
            key={hit.id}
            className="virtual"
            data-index={index}
            aria-setsize={hits.length}
            aria-posinset={index + 1}
            style={{ transform: `translateY(${start}px)` }}
          >
            <EntityLine {...hit} selected={hit.id === selected} isStop={isStop} onPick={onPick}>
              {(links && glanceText(hit, scene, registry, language)) || null}
            </EntityLine>
            {link && <OpenLink link={link} about={hit.label} isStop={isStop} />}
          </li>
        );
      })}
    </ul>
  );
}
