/** The fields of a thing that its details show, and those that become columns of a table. */

import type { Item, Json } from "../client/scene.ts";
import { field as fieldOf, numberAt, valueAt } from "./json.ts";
import type { Kind } from "./kind.ts";
import { measured } from "./loads.ts";
import type { TypeField } from "./types.ts";
import { unnamed } from "./words.ts";

/** What every item has, and what its details show elsewhere. */
const PLAIN_FIELDS: ReadonlySet<string> = new Set([
  ..."id name title slug status description".split(" "),
  ..."position x y w h".split(" "),
]);

const NUMERIC: ReadonlySet<string> = new Set(["number", "ratio", "bytes", "seconds"]);

/** Return the fields of a kind that an item has, in the order in which they are shown. */
function fieldsOf(item: Item, kind: Kind): readonly TypeField[] {
  return kind.declared ? kind.fields : plainFields([item], kind);
}

export type Values = ReadonlyMap<TypeField, number>;

/** Return the numbers of an item that change, each with the field that it is the value of. */
export function valuesOf(item: Item, kind: Kind): Values {
  const values = new Map<TypeField, number>();
  for (const field of fieldsOf(item, kind)) {
    const number = isNumeric(field, valueAt(item, field.name)) ? numberAt(item, field.name) : undefined;
    if (number !== undefined) values.set(field, number);
  }
  if (![...values.keys()].some(({ kind: one }) => one === "ratio")) {
    for (const { name, load } of measured(item)) values.set(plain(name, "ratio"), load);
  }
  return values;
}

function isNumeric({ kind }: TypeField, value: Json | undefined): boolean {
  return NUMERIC.has(kind) || (kind === "auto" && typeof value === "number");
}

/** Return the fields that become columns, the declared ones of a kind or the commonest of its things. */
export function columnsOf(items: readonly Item[], kind: Kind): readonly TypeField[] {
  return kind.fields.length > 0
    ? kind.fields.filter(({ table }) => table)
    : plainFields(items, kind).slice(0, MOST_COLUMNS);
}

const MOST_COLUMNS = 6;
const SAMPLE = 200;

/** Return the fields that things without a declaration have, the commonest first; those that hold parts or lists, last. */
function plainFields(items: readonly Item[], { status }: Kind): readonly TypeField[] {
  const counts = new Map<string, number>();
  for (const item of items.slice(0, SAMPLE)) {
    for (const [name, value] of Object.entries(item)) {
      if (!PLAIN_FIELDS.has(name) && name !== status && isPlain(value))
        counts.set(name, (counts.get(name) ?? 0) + 1);
    }
  }
  return [...counts].sort(([, one], [, other]) => other - one).map(([name]) => plain(name, "auto"));
}

function isPlain(value: Json): boolean {
  return value !== null && value !== "" && typeof value !== "object";
}

const plains = new Map<string, TypeField>();

/** Return a field without a declaration; the same one for the same name. */
function plain(name: string, kind: TypeField["kind"]): TypeField {
  const key = `${kind} ${name}`;
  let made = plains.get(key);
  if (!made) {
    made = { name, label: unnamed(name), kind, unit: "", table: true };
    plains.set(key, made);
  }
  return made;
}

/** Return the fields of an item that none of the given ones shows a part of. */
export function otherFields(item: Item, shown: readonly TypeField[]): readonly string[] {
  const names = new Set(
    shown.map(({ name }) => (fieldOf(item, name) === undefined ? (name.split(".")[0] ?? name) : name)),
  );
  return Object.keys(item).filter((name) => !PLAIN_FIELDS.has(name) && !names.has(name));
}
