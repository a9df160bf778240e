// What the package's types promise; nothing of it runs.
import { expectTypeOf, test } from "vitest";
import type {
  Agent,
  DAO,
  Json,
  LivingMapFull,
  MapError,
  MapEvent,
  MicroDAO,
  Node,
  Planet,
  StandardLayers,
  Thing,
} from "../../src/features/livingMap/index.ts";
import {
  labelOf,
  useLivingMapEntity,
  useLivingMapFull,
  useLivingMapLayer,
} from "../../src/features/livingMap/index.ts";

interface Station extends Thing {
  readonly celsius: number;
}
type MyLayers = StandardLayers & { readonly weather: { readonly items: readonly Station[] } };

test("useLivingMapFull has the five fields, with the layers of the map's own plugins", () => {
  const full = useLivingMapFull();
  expectTypeOf<keyof LivingMapFull>().toEqualTypeOf<
    "snapshot" | "events" | "isLoading" | "error" | "connectionStatus"
  >();
  expectTypeOf(full.events).toEqualTypeOf<readonly MapEvent[]>();
  expectTypeOf(full.error).toEqualTypeOf<MapError | null>();
  const layers = (full.snapshot as NonNullable<typeof full.snapshot>).layers;
  expectTypeOf(layers.agents.items).toEqualTypeOf<readonly Agent[]>();
  expectTypeOf(layers.nodes.items).toEqualTypeOf<readonly Node[]>();
  expectTypeOf(layers.city.items).toEqualTypeOf<readonly MicroDAO[]>();
  expectTypeOf(layers.space.planets).toEqualTypeOf<readonly (DAO | Planet)[]>();
  expectTypeOf(layers.city.microdaos_total).toEqualTypeOf<Json>();
  expectTypeOf(layers.messaging).extract<undefined>().toEqualTypeOf<undefined>();
  expectTypeOf<Agent["name"]>().toEqualTypeOf<string | null | undefined>();
  expectTypeOf<NonNullable<Agent["usage"]>["tokens_24h"]>().toEqualTypeOf<number | null | undefined>();
  expectTypeOf<Agent["whatever"]>().toEqualTypeOf<Json | undefined>();
  // @ts-expect-error no plugin that comes with the map has such a layer
  layers.weather;
});

test("other layers are those that a generic says", () => {
  const layers = useLivingMapFull<MyLayers>().snapshot?.layers;
  expectTypeOf(layers?.weather.items).toEqualTypeOf<readonly Station[] | undefined>();
  expectTypeOf(layers?.agents.items).toEqualTypeOf<readonly Agent[] | undefined>();
});

test("selectors know what they select", () => {
  expectTypeOf(useLivingMapEntity("agent:sofia")).toEqualTypeOf<Agent | undefined>();
  expectTypeOf(useLivingMapEntity("weather:kyiv")).toEqualTypeOf<Thing | undefined>();
  expectTypeOf(useLivingMapEntity("weather:kyiv" as string)).toEqualTypeOf<Thing | undefined>();
  expectTypeOf(useLivingMapEntity<Station>("weather:kyiv")).toEqualTypeOf<Station | undefined>();
  expectTypeOf(useLivingMapLayer("agents")?.collections.items).toEqualTypeOf<
    ReadonlyMap<string, Agent> | undefined
  >();
  expectTypeOf(useLivingMapLayer<MyLayers["weather"]>("weather")?.collections.items).toEqualTypeOf<
    ReadonlyMap<string, Station> | undefined
  >();
  expectTypeOf(labelOf(useLivingMapEntity("agent:sofia") as Agent)).toBeString();
});
