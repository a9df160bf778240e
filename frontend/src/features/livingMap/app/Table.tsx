// A native table cannot draw just the rows in sight, so its roles are spelt out; each row is reached by its button.
// biome-ignore-all lint/a11y/useSemanticElements: see above
// biome-ignore-all lint/a11y/useFocusableInteractive: see above
// biome-ignore-all lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
import { useVirtualizer } from "@tanstack/react-virtual";
import { type CSSProperties, useMemo, useRef } from "react";
import type { Scene } from "../client/scene.ts";
import type { Entity } from "../domain/catalogue.ts";
import { UNKNOWN } from "../domain/status.ts";
import { type Column, cellText, type Sorting, tableOf } from "../domain/table.ts";
import { capital } from "../domain/words.ts";
import { useLanguage } from "../i18n/i18n.tsx";
import { AgeText, StatusChip, TypeName } from "./bits.tsx";
import { Icon, TypeIcon } from "./icons.tsx";
import { useRegistry, useShownLayers } from "./registry.tsx";
import { useRoving } from "./roving.ts";
import { useAge } from "./trust.tsx";
import { go, usePlace } from "./url.ts";

const ROW_PX = 44;
const COLUMN_PX = 120;
/** A day with its year and the time of day, in either language. */
const TIME_PX = 180;
const FIRST_PX = 400;

/** The map to read: every entity that fits the filters as a row. */
export default function Table({
  scene,
  onPick,
}: {
  readonly scene: Scene;
  readonly onPick: (id: string) => void;
}) {
  const { words, plural } = useLanguage();
  const registry = useRegistry();
  const { q, type, status, layer, select, sort } = usePlace();
  const sorting = useMemo(() => sortingOf(sort), [sort]);
  const layers = useShownLayers();
  const { columns, rows } = useMemo(
    () => tableOf(scene, registry, { q, type, status, layer, layers }, sorting),
    [scene, registry, q, type, status, layer, layers, sorting],
  );
  const box = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => box.current,
    estimateSize: () => ROW_PX,
    overscan: 10,
    initialRect: { width: 800, height: 800 },
  });
  const { active, handlers } = useRoving(rows.length, box, (index) => virtual.scrollToIndex(index));
  const drawn = virtual.getVirtualItems();
  const stop = drawn.some(({ index }) => index === active) ? active : drawn[0]?.index;
  return (
    <section className="table" aria-label={words.table.label}>
      <p className="table-caption" id="table-caption">
        {words.table.caption} <output>{plural(rows.length, words.table.rows)}</output>
      </p>
      <div
        ref={box}
        className="table-box"
        role="table"
        tabIndex={0}
        aria-label={words.table.label}
        aria-describedby="table-caption"
        aria-rowcount={rows.length + 1}
        style={gridOf(columns)}
      >
        <div role="rowgroup" className="table-head">
          <div role="row" aria-rowindex={1} className="table-row">
            {columns.map((column) => (
              <Heading
                key={column.name}
                column={column}
                sorting={sorting}
                onSort={({ by, down }) => go({ sort: `${down ? "-" : ""}${by}` })}
              />
            ))}
          </div>
        </div>
        <div role="rowgroup" className="table-body" style={{ height: virtual.getTotalSize() }} {...handlers}>
          {drawn.map(({ index, start }) => {
            const row = rows[index];
            return (
              row && (
                <Line
                  key={row.id}
                  entity={row}
                  scene={scene}
                  columns={columns}
                  index={index}
                  start={start}
                  selected={row.id === select}
                  isStop={index === stop}
                  onPick={onPick}
                />
              )
            );
          })}
        </div>
      </div>
    </section>
  );
}

/** Return how the address has the table sorted; null for the usual order. */
function sortingOf(sort: string): Sorting | null {
  if (!sort) return null;
  return sort.startsWith("-") ? { by: sort.slice(1), down: true } : { by: sort, down: false };
}

/** Return how wide the columns are: names and words take what is left by numbers. */
function gridOf(columns: readonly Column[]): CSSProperties {
  const widths = columns.map(({ name, isNumber, field }) => {
    if (name === "name") return "minmax(180px, 2.2fr)";
    if (name === "glance") return "minmax(240px, 3.6fr)";
    if (field?.kind === "time") return `minmax(${TIME_PX}px, 1.2fr)`;
    return isNumber ? `minmax(${COLUMN_PX - 20}px, 0.8fr)` : `minmax(${COLUMN_PX}px, 1.2fr)`;
  });
  const times = columns.filter(({ field }) => field?.kind === "time").length;
  const least = FIRST_PX + (columns.length - 3) * COLUMN_PX + times * (TIME_PX - COLUMN_PX);
  return { "--columns": widths.join(" "), "--least": `${least}px` } as CSSProperties;
}

type HeadingProps = {
  readonly column: Column;
  readonly sorting: Sorting | null;
  readonly onSort: (sorting: Sorting) => void;
};

function Heading({ column, sorting, onSort }: HeadingProps) {
  const { words } = useLanguage();
  const { name, label, isNumber } = column;
  const isSorted = sorting?.by === name;
  const down = isSorted ? !sorting.down : isNumber;
  const order = isSorted ? (sorting.down ? "descending" : "ascending") : "none";
  const word = capital(label) || words.table[name as "name" | "type" | "status" | "within" | "glance"];
  return (
    <div role="columnheader" aria-sort={order} className={isNumber ? "cell-number" : undefined}>
      <button type="button" title={word} onClick={() => onSort({ by: name, down })}>
        <span>{word}</span>
        {isSorted && <Icon name={sorting.down ? "down" : "up"} />}
      </button>
    </div>
  );
}

type LineProps = {
  readonly entity: Entity;
  readonly scene: Scene;
  readonly columns: readonly Column[];
  readonly index: number;
  readonly start: number;
  readonly selected: boolean;
  readonly isStop: boolean;
  readonly onPick: (id: string) => void;
};

function Line({ entity, scene, columns, index, start, selected, isStop, onPick }: LineProps) {
  const age = useAge(entity.type);
  return (
    <div
      role="row"
      aria-rowindex={index + 2}
      data-index={index}
      className={`table-row ${selected ? "is-selected" : ""} ${age ? "is-old" : ""}`}
      style={{ transform: `translateY(${start}px)` }}
    >
      {columns.map((column) => (
        <Cell key={column.name} entity={entity} scene={scene} column={column} isStop={isStop} onPick={onPick} />
      ))}
    </div>
  );
}

type CellProps = {
  readonly entity: Entity;
  readonly scene: Scene;
  readonly column: Column;
  readonly isStop: boolean;
  readonly onPick: (id: string) => void;
};

function Cell({ entity, scene, column, isStop, onPick }: CellProps) {
  const language = useLanguage();
  const registry = useRegistry();
  const { name, isNumber } = column;
  if (name === "name") {
    return (
      <div role="cell" className="cell-name">
        <button type="button" title={entity.label} tabIndex={isStop ? 0 : -1} onClick={() => onPick(entity.id)}>
          <TypeIcon type={entity.type} />
          <span>{entity.label}</span>
        </button>
      </div>
    );
  }
  const text = cellText(entity, column, scene, registry, language);
  return (
    <div role="cell" className={`cell-${isNumber ? "number" : name}`} title={text || undefined}>
      {name === "type" && <TypeName type={entity.type} />}
      {name === "status" && entity.status !== UNKNOWN && <StatusChip status={entity.status} type={entity.type} />}
      {name === "status" && entity.status === UNKNOWN && <MissingStatus type={entity.type} />}
      {text}
    </div>
  );
}

/** What has no status says all the same how old it is. */
function MissingStatus({ type }: { readonly type: string }) {
  const age = useAge(type);
  return age && <AgeText age={age} />;
}
