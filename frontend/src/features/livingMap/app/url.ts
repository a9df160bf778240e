/** What is shown, kept in the address: the same address shows the same. */

import { useSyncExternalStore } from "react";
import { EVERYTHING, type OccurrenceFilter, WEIGHTS } from "../domain/occurrences.ts";
import type { View } from "../map/camera.ts";

export const PANELS = ["search", "problems", "events", "trends", "sources"] as const;
export type Panel = (typeof PANELS)[number];

export type Place = {
  /** Null shows all of them. */
  readonly layers: ReadonlySet<string> | null;
  readonly select: string | null;
  /** Null shows everything. */
  readonly view: View | null;
  readonly panel: Panel | null;
  readonly mode: "map" | "table";
  /** The thing that is shown alone, with what depends on it; null shows everything. */
  readonly only: string | null;
  /** What that is compared with; null compares nothing. */
  readonly beside: string | null;
  /** When the day begins of which the details are; null shows how the thing is. */
  readonly day: string | null;
  /** Which number is shown over time, as `domain/totals.ts` reads it; empty for the usual one. */
  readonly trend: string;
  /** The moment that is shown, as `at` of the API; null shows the present. */
  readonly at: string | null;
  readonly q: string;
  readonly type: string;
  readonly status: string;
  readonly layer: string;
  /** Which events are listed. */
  readonly events: OccurrenceFilter;
  /** The column by which the table is sorted, with a minus before it from the greatest on; empty for the usual order. */
  readonly sort: string;
};

/** Return what an address shows; whatever it leaves out or gets wrong has its default. */
export function placeOf(search: string, usualPanel: Panel | null = null): Place {
  const query = new URLSearchParams(search);
  const layers = query.get("layers")?.split(",").filter(Boolean);
  const panel = query.get("panel");
  return {
    layers: layers ? new Set(layers) : null,
    select: query.get("select"),
    view: viewOf(query.get("view")),
    panel: panel === "none" ? null : (PANELS.find((one) => one === panel) ?? usualPanel),
    mode: query.get("mode") === "table" ? "table" : "map",
    only: query.get("only") || null,
    beside: query.get("beside") || null,
    day: query.get("day") || null,
    trend: query.get("trend") ?? "",
    at: query.get("at") || null,
    q: query.get("q") ?? "",
    type: query.get("type") ?? "",
    status: query.get("status") ?? "",
    layer: query.get("layer") ?? "",
    events: eventsOf(query),
    sort: query.get("sort") ?? "",
  };
}

const EVENTS = ["place", "topic", "layer", "weight"] as const;

function eventsOf(query: URLSearchParams): OccurrenceFilter {
  const [place = "", topic = "", layer = "", weight] = EVENTS.map((name) => query.get(`events-${name}`) ?? "");
  return { place, topic, layer, weight: WEIGHTS.find((one) => one === weight) ?? EVERYTHING.weight };
}

function viewOf(text: string | null): View | null {
  const numbers = (text ?? "").split(",").map(Number);
  const [x, y, zoom] = numbers;
  const isView = numbers.length === 3 && numbers.every(Number.isFinite);
  return isView && x !== undefined && y !== undefined && zoom !== undefined && zoom > 0 ? { x, y, zoom } : null;
}

/** Return the address of a place: `?` and only what differs from the defaults. */
export function searchOf(place: Place, usualPanel: Panel | null = null): string {
  const query = new URLSearchParams();
  if (place.layers) query.set("layers", [...place.layers].join(","));
  if (place.mode === "table") query.set("mode", "table");
  if (place.panel !== usualPanel) query.set("panel", place.panel ?? "none");
  for (const name of [
    "q",
    "type",
    "status",
    "layer",
    "sort",
    "only",
    "beside",
    "trend",
    "at",
    "select",
    "day",
  ] as const) {
    const value = place[name];
    if (value) query.set(name, value);
  }
  for (const name of EVENTS) {
    const value = place.events[name];
    if (value !== EVERYTHING[name]) query.set(`events-${name}`, value);
  }
  if (place.view) {
    const { x, y, zoom } = place.view;
    query.set("view", [round(x, 1), round(y, 1), round(zoom, 3)].join(","));
  }
  const text = query.toString().replaceAll("%2C", ",").replaceAll("%3A", ":");
  return text ? `?${text}` : "";
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

/** Narrow windows have no room for a panel beside the map. */
const usual: Panel | null = globalThis.matchMedia?.("(min-width: 900px)").matches ? "search" : null;

const listeners = new Set<() => void>();
let current: Place = placeOf(globalThis.location?.search ?? "", usual);

globalThis.addEventListener?.("popstate", () => {
  current = placeOf(location.search, usual);
  for (const listener of listeners) listener();
});

/**
 * Go to another place. After a pick, after a step into the past or out of it, and after a jump the back button returns;
 * everything else replaces the address.
 */
export function go(change: Partial<Place>, isJump = false): void {
  const before = current;
  current = { ...current, ...change };
  if (current.select === null) current = { ...current, day: null };
  if (current.only === null) current = { ...current, beside: null };
  const isPick = current.select !== before.select && change.select !== null;
  const isStep = (current.at === null) !== (before.at === null);
  const address = location.pathname + searchOf(current, usual) + location.hash;
  const isPin = current.only !== before.only || current.beside !== before.beside || current.day !== before.day;
  const returns = isPick || isPin || isStep || isJump || current.mode !== before.mode;
  history[returns ? "pushState" : "replaceState"](null, "", address);
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The place that the address shows now. */
export function place(): Place {
  return current;
}

/** The place that the address shows. */
export function usePlace(): Place {
  return useSyncExternalStore(subscribe, () => current);
}
