/** What kinds of things stand on the map, where a scene keeps them, and to which home each belongs. */

import type { Item, Json, Scene } from "../client/scene.ts";
import type { Trade } from "./city.ts";
import { PLANET } from "./sky.ts";

/** In the order in which they are drawn, one over the other. */
export const KINDS = ["room", "microdao", "node", "channel", "agent", "dao", "orbit", "proposal"] as const;
export type Kind = (typeof KINDS)[number];

/** One thing on the map. A node stands there twice: as a building, and in the orbit of its DAO. */
export type Shape = {
  readonly key: string;
  readonly id: string;
  readonly kind: Kind;
  readonly x: number;
  readonly y: number;
  /** How far it reaches from its middle, in the map's own units. */
  readonly size: number;
  /** The quarter or the planet that it belongs to. */
  readonly home: string;
  readonly item: Item;
};

/** The quarter of public places, in the middle of the city, and the one of what belongs to no microDAO. */
export const CIVIC = "civic";
export const COMMONS = "commons";

export const SIZES: Readonly<Record<Kind, number>> = {
  microdao: 18,
  room: 22,
  node: 15,
  channel: 5.5,
  agent: 5.5,
  dao: PLANET,
  orbit: 7,
  proposal: 6,
};

export type Source = readonly [layer: string, collection: string];
export type Spec = { readonly kind: Kind; readonly sources: readonly Source[] };

export const NODES: readonly Source[] = [
  ["nodes", "items"],
  ["space", "nodes"],
];
export const SPECS: readonly Spec[] = [
  { kind: "microdao", sources: [["city", "items"]] },
  { kind: "room", sources: [["city", "rooms"]] },
  { kind: "node", sources: NODES },
  { kind: "channel", sources: [["messaging", "channels"]] },
  { kind: "agent", sources: [["agents", "items"]] },
  {
    kind: "dao",
    sources: [
      ["space", "planets"],
      ["dao", "items"],
    ],
  },
  { kind: "proposal", sources: [["dao", "proposals"]] },
];
export const TRADES: Partial<Record<Kind, Trade>> = {
  room: "place",
  node: "works",
  channel: "lamps",
  agent: "homes",
};

const EMPTY: ReadonlyMap<string, Item> = new Map();

/** Return what a collection of a scene holds; nothing if the scene has none of that name. */
export function collection(scene: Scene, [layer, name]: Source): ReadonlyMap<string, Item> {
  return scene[layer]?.collections[name] ?? EMPTY;
}

export function orbitsOf(planet: Item | undefined): readonly string[] {
  const orbits = planet?.orbits;
  return Array.isArray(orbits) ? orbits.filter((one): one is string => typeof one === "string") : [];
}

export function homeOf(kind: Kind, item: Item): string {
  switch (kind) {
    case "microdao":
    case "dao":
      return item.id;
    case "proposal":
      return text(item.dao_id);
    case "room":
      return text(item.microdao_id) || CIVIC;
    default:
      return text(item.microdao_id) || COMMONS;
  }
}

/** A planet's size by its treasury: the tenfold is a step. It is weighed once, so that nothing swells under a hand. */
export function girth(item: Item): number {
  const treasury = Math.max(0, Number(item.treasury ?? 0) || 0);
  return Math.min(PLANET, 26 + 3.4 * Math.log10(1 + treasury));
}

export function age(item: Item | undefined): string {
  return text(item?.created_at) || "~";
}

export function byAge(one: Item, other: Item): number {
  return compared(age(one), age(other)) || compared(one.id, other.id);
}

export function compared(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

export function text(value: Json | undefined): string {
  return typeof value === "string" ? value : "";
}

export function count(value: Json | undefined): number {
  return typeof value === "number" && value > 0 ? Math.min(value, 500) : 0;
}
