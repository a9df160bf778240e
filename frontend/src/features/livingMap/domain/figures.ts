/** What stands on the map for the things of a type, and for a whole layer. */

import type { Item } from "../client/scene.ts";
import { districtOf, type Figure, type Stand } from "./figure.ts";
import { valueAt } from "./json.ts";
import { amountOf, type Look } from "./look.ts";
import { lookOf } from "./looks/index.ts";
import { quarter } from "./looks/quarter.ts";
import type { TypeRow } from "./types.ts";

const made = new Map<string, readonly Figure[]>();
const MOST_KEPT = 500;

/** Return the figures of a type. They depend on no words: another language draws the very same ones. */
export function figuresOf(row: TypeRow): readonly Figure[] {
  const { counts, label, plural, rank, icon, statuses, relations, ...drawn } = row;
  const orbits = relations.some(({ orbit }) => orbit);
  const fields = row.fields.map(({ name, kind }) => [name, kind]);
  const key = JSON.stringify({ ...drawn, fields, orbits });
  let figures = made.get(key);
  if (!figures) {
    if (made.size >= MOST_KEPT) made.clear();
    figures = drawnOf(row, orbits);
    made.set(key, figures);
  }
  return figures;
}

function drawnOf(row: TypeRow, orbits: boolean): readonly Figure[] {
  if (row.place === "list") return [];
  const look = lookOf(row.place === "district" && row.look !== "planet" ? "quarter" : row.look);
  const own = figure(row, row.name, look, standOf(row, look));
  return orbits && own.stands.on === "planet" ? [own, satellites(row)] : [own];
}

function standOf({ place, look: name }: TypeRow, look: Look): Stand {
  if (place !== "district") return { on: "lot", lot: look.lot };
  return name === "planet" ? { on: "planet" } : { on: "heart" };
}

/** The figure of whatever circles the planets of a type. */
function satellites(row: TypeRow): Figure {
  const { name } = row;
  return { ...figure(row, `orbit/${name}`, lookOf("satellite"), { on: "orbit" }), type: null };
}

function figure(row: TypeRow, name: string, look: Look, stands: Stand): Figure {
  const { size } = look;
  return {
    name,
    type: row.name,
    stands,
    size: typeof size === "number" ? size : (item) => size(amountOf(item, row)),
    weight: (item) => weightOf(item, row),
    layers: stands.on === "planet" ? [...new Set(row.collections.map(({ layer }) => layer))] : [row.home.layer],
    sources: row.sources,
    order: look.order,
    tour: look.tour,
    label: look.label,
    ...(look.visibleFrom === undefined ? {} : { visibleFrom: look.visibleFrom }),
    ...(look.glows ? { glows: true } : {}),
    draw: (shape, paints, mood) => look.draw(shape, paints, mood, row),
  };
}

function weightOf(item: Item, row: TypeRow): number {
  const leads = row.highlight && valueAt(item, row.highlight) === true ? 30 : 0;
  return leads + Math.log2(1 + amountOf(item, row)) * 6;
}

const districts = new Map<string, Figure>();

/** Return the figure of a layer's district, in which stands what belongs to no other quarter. */
export function districtFigure(layer: string): Figure {
  let one = districts.get(layer);
  if (!one) {
    one = {
      name: districtOf(layer),
      type: null,
      stands: { on: "heart" },
      size: quarter.size,
      weight: () => 0,
      layers: [layer],
      sources: [],
      order: quarter.order + 1,
      tour: quarter.tour + 1,
      label: quarter.label,
      draw: quarter.draw,
    };
    districts.set(layer, one);
  }
  return one;
}
