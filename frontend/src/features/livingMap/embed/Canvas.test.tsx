// @vitest-environment happy-dom
import { act, cleanup, render } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";
import { EMPTY_META } from "../../../../tests/meta.ts";
import { recorded } from "../../../../tests/types.ts";
import type { LivingMapClient } from "../client/client.ts";
import { mapNow } from "../client/clock.ts";
import { type MapState, NEW_STATE } from "../client/state.ts";
import { item, sceneOf } from "../domain/testing.ts";
import { LivingMapProvider } from "../hooks/LivingMapProvider.tsx";
import Canvas from "./Canvas.tsx";

const drawn = vi.hoisted(() => ({ names: [] as unknown[] }));
vi.mock("../map/MapView.tsx", () => ({
  MapView: ({ scene }: Pick<MapState["data"], "scene">) => {
    drawn.names.push(scene.nodes?.collections.items?.get("node:a")?.name);
    return null;
  },
}));
afterEach(cleanup);

/** A client whose state others set. */
class Puppet {
  readonly options = {};
  private state = NEW_STATE;
  private readonly listeners = new Set<() => void>();
  readonly getState = () => this.state;
  readonly http = {
    ask: () => Promise.resolve(new Response(null, { headers: { date: "Mon, 30 Nov 2026 12:00:00 GMT" } })),
  };
  readonly ask = () => Promise.resolve(recorded("en"));
  readonly subscribe = (listener: () => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };
  readonly start = () => undefined;
  readonly stop = () => undefined;
  readonly live = () => undefined;

  name(name: string): void {
    const scene = sceneOf({ "nodes.items": [item("node:a", { name })] });
    this.state = { ...NEW_STATE, data: { ...NEW_STATE.data, meta: EMPTY_META, scene } };
    for (const listener of this.listeners) listener();
  }
}

test("the age of what burns in another page's map goes by the clock of the map", async () => {
  vi.useFakeTimers({ now: Date.parse("2026-11-30T11:00:00Z") });
  const client = new Puppet();
  client.name("begun");
  await act(async () => {
    render(
      <LivingMapProvider client={client as unknown as LivingMapClient}>
        <Canvas handle={{ current: null }} />
      </LivingMapProvider>,
    );
  });
  expect(new Date(mapNow()).toISOString()).toBe("2026-11-30T12:00:00.500Z");
  vi.useRealTimers();
});

test("a map in another page is drawn a few times a second, however often something happens, up to the last", async () => {
  vi.useFakeTimers();
  const client = new Puppet();
  client.name("begun");
  await act(async () => {
    render(
      <LivingMapProvider client={client as unknown as LivingMapClient}>
        <Canvas handle={{ current: null }} />
      </LivingMapProvider>,
    );
  });
  drawn.names = [];
  for (let frame = 1; frame <= 60; frame += 1) {
    await act(async () => {
      client.name(`frame ${frame}`);
      vi.advanceTimersByTime(16);
    });
  }
  await act(async () => vi.advanceTimersByTime(1000));
  vi.useRealTimers();
  const names = new Set(drawn.names);
  expect(names.size).toBeGreaterThan(2);
  expect(names.size).toBeLessThan(10);
  expect(drawn.names.at(-1)).toBe("frame 60");
});
