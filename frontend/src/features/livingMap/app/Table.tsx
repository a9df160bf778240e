// A native table cannot draw just the rows in sight, so its roles are spelt out; each row is reached by its button.
// biome-ignore-all lint/a11y/useSemanticElements: see above
// biome-ignore-all lint/a11y/useFocusableInteractive: see above
// biome-ignore-all lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
import { useVirtualizer } from "@tanstack/react-virtual";
import { useMemo, useRef, useState } from "react";
import { compareIds } from "../client/reduce.ts";
import type { Scene } from "../client/scene.ts";
import { catalogue, type Entity, type Filters, matches } from "../domain/catalogue.ts";
import { findItem, nameOf } from "../domain/entities.ts";
import { loadOf } from "../domain/loads.ts";
import { activityOf } from "../domain/values.ts";
import { useLanguage } from "../i18n/i18n.tsx";
import { StatusChip, TypeName } from "./bits.tsx";
import { Icon, TypeIcon } from "./icons.tsx";
import { usePlace } from "./url.ts";

const ROW_PX = 44;
const COLUMNS = ["name", "type", "status", "home", "load", "activity"] as const;
type Column = (typeof COLUMNS)[number];
type Sorting = { readonly by: Column; readonly down: boolean };
type Row = { readonly entity: Entity; readonly values: Readonly<Record<Column, string | number | undefined>> };

/** The map to read: every entity that fits the filters as a row. */
export function Table({ scene, onPick }: { readonly scene: Scene; readonly onPick: (id: string) => void }) {
  const { words, plural } = useLanguage();
  const { q, type, status, layer, select } = usePlace();
  const [sorting, setSorting] = useState<Sorting>({ by: "name", down: false });
  const rows = useMemo(
    () => rowsOf(scene, { q, type, status, layer }, sorting),
    [scene, q, type, status, layer, sorting],
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
      >
        <div role="rowgroup" className="table-head">
          <div role="row" aria-rowindex={1} className="table-row">
            {COLUMNS.map((column) => (
              <Heading key={column} column={column} sorting={sorting} onSort={setSorting} />
            ))}
          </div>
        </div>
        <div role="rowgroup" className="table-body" style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map(({ index, start }) => {
            const row = rows[index];
            return (
              row && (
                <Line
                  key={row.entity.id}
                  row={row}
                  index={index}
                  start={start}
                  selected={row.entity.id === select}
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

function rowsOf(scene: Scene, filters: Filters, { by, down }: Sorting): readonly Row[] {
  const collator = new Intl.Collator(undefined, { numeric: true });
  const rows = matches(catalogue(scene), filters).map((entity) => rowOf(scene, entity));
  const sign = down ? -1 : 1;
  return rows.sort((one, other) => {
    const [a, b] = [one.values[by], other.values[by]];
    if (a === undefined || b === undefined || a === "" || b === "")
      return (
        Number(a === undefined || a === "") - Number(b === undefined || b === "") ||
        compareIds(one.entity.id, other.entity.id)
      );
    const order = typeof a === "number" && typeof b === "number" ? a - b : collator.compare(String(a), String(b));
    return sign * order || compareIds(one.entity.id, other.entity.id);
  });
}

function rowOf(scene: Scene, entity: Entity): Row {
  const { label, type, status, item } = entity;
  const home =
    typeof item.microdao_id === "string" ? nameOf(item.microdao_id, findItem(scene, item.microdao_id)?.item) : "";
  return { entity, values: { name: label, type, status, home, load: loadOf(item), activity: activityOf(item) } };
}

type HeadingProps = {
  readonly column: Column;
  readonly sorting: Sorting;
  readonly onSort: (sorting: Sorting) => void;
};

function Heading({ column, sorting, onSort }: HeadingProps) {
  const { words } = useLanguage();
  const isSorted = sorting.by === column;
  const down = isSorted ? !sorting.down : column === "load" || column === "activity";
  const order = isSorted ? (sorting.down ? "descending" : "ascending") : "none";
  return (
    <div role="columnheader" aria-sort={order} className={`cell-${column}`}>
      <button type="button" onClick={() => onSort({ by: column, down })}>
        {words.table[column]}
        {isSorted && <Icon name={sorting.down ? "down" : "up"} />}
      </button>
    </div>
  );
}

type LineProps = {
  readonly row: Row;
  readonly index: number;
  readonly start: number;
  readonly selected: boolean;
  readonly onPick: (id: string) => void;
};

function Line({ row, index, start, selected, onPick }: LineProps) {
  const { percent, number } = useLanguage();
  const { entity, values } = row;
  const { load, activity } = values;
  return (
    <div
      role="row"
      aria-rowindex={index + 2}
      className={selected ? "table-row is-selected" : "table-row"}
      style={{ transform: `translateY(${start}px)` }}
    >
      <div role="cell" className="cell-name">
        <button type="button" onClick={() => onPick(entity.id)}>
          <TypeIcon type={entity.type} />
          {entity.label}
        </button>
      </div>
      <div role="cell" className="cell-type">
        <TypeName type={entity.type} />
      </div>
      <div role="cell" className="cell-status">
        <StatusChip status={entity.status} type={entity.type} />
      </div>
      <div role="cell" className="cell-home">
        {values.home}
      </div>
      <div role="cell" className="cell-load">
        {typeof load === "number" ? percent(load) : ""}
      </div>
      <div role="cell" className="cell-activity">
        {typeof activity === "number" ? number(activity) : ""}
      </div>
    </div>
  );
}
