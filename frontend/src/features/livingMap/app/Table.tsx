// A native table cannot draw just the rows in sight, so its roles are spelt out; each row is reached by its button.
// biome-ignore-all lint/a11y/useSemanticElements: see above
// biome-ignore-all lint/a11y/useFocusableInteractive: see above
// biome-ignore-all lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
import { useVirtualizer } from "@tanstack/react-virtual";
import { type CSSProperties, useMemo, useRef, useState } from "react";
import type { Scene } from "../client/scene.ts";
import type { Entity } from "../domain/catalogue.ts";
import { UNKNOWN } from "../domain/status.ts";
import { type Column, cellText, type Sorting, tableOf } from "../domain/table.ts";
import { capital } from "../domain/words.ts";
import { useLanguage } from "../i18n/i18n.tsx";
import { StatusChip, TypeName } from "./bits.tsx";
import { Icon, TypeIcon } from "./icons.tsx";
import { useRegistry } from "./registry.tsx";
import { usePlace } from "./url.ts";

const ROW_PX = 44;
const COLUMN_PX = 120;
const FIRST_PX = 400;

/** The map to read: every entity that fits the filters as a row. */
export function Table({ scene, onPick }: { readonly scene: Scene; readonly onPick: (id: string) => void }) {
  const { words, plural } = useLanguage();
  const registry = useRegistry();
  const { q, type, status, layer, select } = usePlace();
  const [sorting, setSorting] = useState<Sorting | null>(null);
  const { columns, rows } = useMemo(
    () => tableOf(scene, registry, { q, type, status, layer }, sorting),
    [scene, registry, q, type, status, layer, sorting],
  );
  const box = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => box.current,
    estimateSize: () => ROW_PX,
    overscan: 10,
    initialRect: { width: 800, height: 800 },
  });
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
              <Heading key={column.name} column={column} sorting={sorting} onSort={setSorting} />
            ))}
          </div>
        </div>
        <div role="rowgroup" className="table-body" style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map(({ index, start }) => {
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

/** Return how wide the columns are: names and words take what is left by numbers. */
function gridOf(columns: readonly Column[]): CSSProperties {
  const widths = columns.map(({ name, isNumber }) => {
    if (name === "name") return "minmax(180px, 2.2fr)";
    if (name === "glance") return "minmax(240px, 3.6fr)";
    return isNumber ? `minmax(${COLUMN_PX - 20}px, 0.8fr)` : `minmax(${COLUMN_PX}px, 1.2fr)`;
  });
  const least = FIRST_PX + (columns.length - 3) * COLUMN_PX;
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
  readonly onPick: (id: string) => void;
};

function Line({ entity, scene, columns, index, start, selected, onPick }: LineProps) {
  return (
    <div
      role="row"
      aria-rowindex={index + 2}
      className={selected ? "table-row is-selected" : "table-row"}
      style={{ transform: `translateY(${start}px)` }}
    >
      {columns.map((column) => (
        <Cell key={column.name} entity={entity} scene={scene} column={column} onPick={onPick} />
      ))}
    </div>
  );
}

type CellProps = {
  readonly entity: Entity;
  readonly scene: Scene;
  readonly column: Column;
  readonly onPick: (id: string) => void;
};

function Cell({ entity, scene, column, onPick }: CellProps) {
  const language = useLanguage();
  const registry = useRegistry();
  const { name, isNumber } = column;
  if (name === "name") {
    return (
      <div role="cell" className="cell-name">
        <button type="button" onClick={() => onPick(entity.id)}>
          <TypeIcon type={entity.type} />
          {entity.label}
        </button>
      </div>
    );
  }
  const text = cellText(entity, column, scene, registry, language);
  return (
    <div role="cell" className={`cell-${isNumber ? "number" : name}`} title={text || undefined}>
      {name === "type" && <TypeName type={entity.type} />}
      {name === "status" && entity.status !== UNKNOWN && <StatusChip status={entity.status} type={entity.type} />}
      {text}
    </div>
  );
}
