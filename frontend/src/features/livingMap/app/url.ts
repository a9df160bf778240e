/** What is shown, kept in the address: the same address shows the same. */

import { useSyncExternalStore } from "react";
import type { View } from "../map/camera.ts";

export const PANELS = ["search", "problems", "events", "sources"] as const;
export type Panel = (typeof PANELS)[number];

export type Place = {
  /** Null shows all of them. */
  readonly layers: ReadonlySet<string> | null;
  readonly select: string | null;
  /** Null shows everything. */
  readonly view: View | null;
  readonly panel: Panel | null;
  readonly mode: "map" | "table";
  readonly q: string;
  readonly type: string;
  readonly status: string;
  readonly layer: string;
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
    q: query.get("q") ?? "",
    type: query.get("type") ?? "",
    status: query.get("status") ?? "",
    layer: query.get("layer") ?? "",
  };
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
  for (const name of ["q", "type", "status", "layer", "select"] as const) {
    const value = place[name];
    if (value) query.set(name, value);
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

/** Go to another place. After a pick the back button returns; everything else replaces the address. */
export function go(change: Partial<Place>): void {
  const before = current;
  current = { ...current, ...change };
  const isPick = current.select !== before.select && change.select !== null;
  const address = location.pathname + searchOf(current, usual) + location.hash;
  history[isPick || current.mode !== before.mode ? "pushState" : "replaceState"](null, "", address);
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The place that the address shows. */
export function usePlace(): Place {
  return useSyncExternalStore(subscribe, () => current);
}
