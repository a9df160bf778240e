/** Everything on the map as a table: which columns there are, and its rows in an order. */

import { compareIds } from "../client/reduce.ts";
import type { Item, Scene } from "../client/scene.ts";
import type { Language } from "../i18n/i18n.tsx";
import { catalogue, type Entity, type Filters, listed, matches } from "./catalogue.ts";
import { glanceText } from "./glance.ts";
import { idsIn, numberAt, valueAt } from "./json.ts";
import type { Kind } from "./kind.ts";
import { nameOfId, nameThen } from "./names.ts";
import type { Registry } from "./registry.ts";
import type { TypeField } from "./types.ts";
import { columnsOf } from "./values.ts";
import { wordsText } from "./valueWords.ts";

export type Column = {
  readonly name: string;
  /** Empty for a column that every table has. */
  readonly label: string;
  readonly isNumber: boolean;
  readonly field: TypeField | null;
};

/** The filters of the search, and the layers that are switched on. What no switch knows is always shown. */
export type TableFilters = Filters & { readonly layers: ReadonlySet<string> };

export type Sorting = { readonly by: string; readonly down: boolean };

export type Table = { readonly columns: readonly Column[]; readonly rows: readonly Entity[] };

const NUMERIC: ReadonlySet<string> = new Set(["number", "ratio", "bytes", "seconds"]);

const FIXED = (name: string): Column => ({ name, label: "", isNumber: false, field: null });

/** Return the rows that fit some filters, in an order or as lists show them, with the columns that suit them. */
export function tableOf(scene: Scene, registry: Registry, filters: TableFilters, sorting: Sorting | null): Table {
  const switched = new Set(registry.layers.map(({ name }) => name));
  const isShown = ({ layer }: Entity) => !switched.has(layer) || filters.layers.has(layer);
  const entities = matches(listed(catalogue(scene, registry), registry), filters).filter(isShown);
  const columns = columnsFor(entities, registry);
  if (!sorting) return { columns, rows: entities };
  const { by, down } = sorting;
  const keys = new Map(entities.map((entity) => [entity, sortKey(entity, columns, by, scene, registry)]));
  return { columns, rows: entities.toSorted(inOrder(keys, down)) };
}

/** Return the columns: of one type all that it has; of several types what most things have, in one. */
function columnsFor(entities: readonly Entity[], registry: Registry): readonly Column[] {
  const types = [...new Set(entities.map(({ type }) => type))];
  const hasHomes = types.some((type) => registry.kindOf(type).within.length > 0);
  const [only] = types.length === 1 ? types : [];
  return [
    FIXED("name"),
    ...(only === undefined ? [FIXED("type")] : []),
    FIXED("status"),
    ...(hasHomes ? [FIXED("within")] : []),
    ...(only === undefined ? [FIXED("glance")] : fieldColumns(entities, registry.kindOf(only))),
  ];
}

function fieldColumns(entities: readonly Entity[], kind: Kind): readonly Column[] {
  const items = entities.map(({ item }) => item);
  return columnsOf(items, kind).map((field) => {
    const { name, label } = field;
    return { name, label, isNumber: isNumeric(field, items), field };
  });
}

function isNumeric({ name, kind }: TypeField, items: readonly Item[]): boolean {
  if (kind !== "auto") return NUMERIC.has(kind);
  return items.slice(0, 20).every((item) => {
    const value = valueAt(item, name);
    return value === undefined || value === null || typeof value === "number";
  });
}

/** Return what a cell says; empty for those of name, type and status, which have signs of their own. */
export function cellText(
  entity: Entity,
  { name, field }: Column,
  scene: Scene,
  registry: Registry,
  language: Language,
): string {
  const { item, type } = entity;
  const kind = registry.kindOf(type);
  if (field) return wordsText(valueAt(item, field.name), field, kind, { scene, registry, language });
  if (name === "within") {
    const home = homeOf(item, kind);
    return home === undefined ? "" : nameOfId(home, scene, registry, language);
  }
  return name === "glance" ? glanceText(entity, scene, registry, language) : "";
}

/** Return the id of what a thing stands in. */
function homeOf(item: Item, { within }: Kind): string | undefined {
  return within.flatMap((field) => idsIn(item[field]))[0];
}

function sortKey(
  { item, label, type, status }: Entity,
  columns: readonly Column[],
  by: string,
  scene: Scene,
  registry: Registry,
): string | number | undefined {
  const kind = registry.kindOf(type);
  const column = columns.find(({ name }) => name === by);
  if (by === "type") return kind.label;
  if (by === "status") return status;
  const nameOf = (id: string) => nameThen(null, id, scene, registry);
  if (by === "within") return nameOf(homeOf(item, kind) ?? "");
  if (!column?.field) return label;
  if (column.isNumber) return numberAt(item, column.name);
  const value = valueAt(item, column.name) ?? "";
  return typeof value === "string" && registry.find(scene, value) ? nameOf(value) : String(value);
}

type Order = (one: Entity, other: Entity) => number;

/** Return an order by keys in which what has none comes last, whichever way it goes. */
function inOrder(keys: ReadonlyMap<Entity, string | number | undefined>, down: boolean): Order {
  const collator = new Intl.Collator(undefined, { numeric: true });
  const sign = down ? -1 : 1;
  const isMissing = (key: string | number | undefined) => key === undefined || key === "";
  return (one, other) => {
    const [a, b] = [keys.get(one), keys.get(other)];
    const missing = Number(isMissing(a)) - Number(isMissing(b));
    const order = typeof a === "number" && typeof b === "number" ? a - b : collator.compare(String(a), String(b));
    return missing || (isMissing(a) ? 0 : sign * order) || compareIds(one.id, other.id);
  };
}
