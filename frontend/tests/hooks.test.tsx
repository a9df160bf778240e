// @vitest-environment happy-dom
import { act, cleanup, render, screen } from "@testing-library/react";
import { StrictMode } from "react";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import {
  type Item,
  LivingMapClient,
  LivingMapProvider,
  useLivingMapEntity,
  useLivingMapFull,
  useLivingMapLayer,
} from "../src/features/livingMap/index.ts";
import { type RealMap, startMap, until } from "./server.ts";

const BUSY_EVENTS_PER_SECOND = 1000;

let map: RealMap;
beforeAll(async () => {
  Object.assign(globalThis, { WebSocket });
  map = await startMap(BUSY_EVENTS_PER_SECOND);
});
afterAll(() => map.stop());
afterEach(cleanup);

function Full() {
  const { snapshot, events, isLoading, error, connectionStatus } = useLivingMapFull({ url: map.url });
  const items = (snapshot?.layers.agents?.items ?? []) as readonly Item[];
  return (
    <output>
      {JSON.stringify([isLoading, connectionStatus, error?.code ?? null, items.length, events.length])}
    </output>
  );
}

function shown(): [boolean, string, string | null, number, number] {
  return JSON.parse(screen.getByRole("status").textContent ?? "");
}

describe("useLivingMapFull", () => {
  test("loads, goes live, and keeps the state, in strict mode too", async () => {
    render(
      <StrictMode>
        <Full />
      </StrictMode>,
    );
    expect(shown()).toEqual([true, "connecting", null, 0, 0]);
    await screen.findByText(/^\[false,"live",null,[3-9]\d,200\]$/, {}, { timeout: 120_000 });
  });

  test("draws at most once a frame, however much happens", async () => {
    const frames = frameClock();
    let draws = 0;
    function Counted() {
      draws++;
      return <>{useLivingMapFull({ url: map.url }).events.length}</>;
    }
    render(<Counted />);
    await screen.findByText("200", {}, { timeout: 120_000 });
    const [drawsBefore, framesBefore] = [draws, frames.count];
    const client = new LivingMapClient({ url: map.url });
    client.start();
    let told = 0;
    client.subscribeEvents((events) => {
      told += events.length;
    });
    await until(client.subscribe, () => told > BUSY_EVENTS_PER_SECOND);
    client.stop();
    frames.stop();
    expect(draws - drawsBefore).toBeGreaterThan(5);
    expect(draws - drawsBefore).toBeLessThanOrEqual(frames.count - framesBefore);
  });
});

function frameClock(): { count: number; stop(): void } {
  const clock = { count: 0, stop: () => cancelAnimationFrame(id) };
  const tick = () => {
    clock.count++;
    id = requestAnimationFrame(tick);
  };
  let id = requestAnimationFrame(tick);
  return clock;
}

describe("the selectors", () => {
  test("draw a component again only for what it reads", async () => {
    const client = new LivingMapClient({ url: map.url });
    const draws = { entity: 0, layer: 0, absent: 0 };
    function Entity() {
      draws.entity++;
      return <p>{String(useLivingMapEntity("microdao:x")?.name ?? "nobody")}</p>;
    }
    function LayerCount() {
      draws.layer++;
      return <p>{useLivingMapLayer("agents")?.collections.items?.size ?? 0} agents</p>;
    }
    function Absent() {
      draws.absent++;
      return <p>{useLivingMapLayer("weather") ? "weather" : "no weather"}</p>;
    }
    render(
      <LivingMapProvider client={client}>
        <Entity />
        <LayerCount />
        <Absent />
      </LivingMapProvider>,
    );
    await screen.findByText(/^[3-9]\d agents$/, {}, { timeout: 120_000 });
    const seen = client.getState().data.events.length;
    await act(() => until(client.subscribe, () => client.getState().data.events.length > seen));
    expect(draws.entity).toBe(1);
    expect(draws.absent).toBe(1);
    expect(draws.layer).toBeGreaterThan(1);
  });

  test("say what is missing where there is no provider", () => {
    const silenced = console.error;
    console.error = () => undefined;
    function Lost() {
      return <>{useLivingMapLayer("agents")?.totals.x}</>;
    }
    expect(() => render(<Lost />)).toThrow(/LivingMapProvider/);
    console.error = silenced;
  });
});
