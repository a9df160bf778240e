// @vitest-environment happy-dom
import { cleanup, render, screen } from "@testing-library/react";
import { StrictMode } from "react";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { WebSocket } from "ws";
import {
  type Item,
  LivingMapClient,
  LivingMapProvider,
  type LivingMapTime,
  useLivingMapEntity,
  useLivingMapFull,
  useLivingMapTime,
} from "../src/features/livingMap/index.ts";
import { HEARTBEAT, LATER, NODE, NOON, OLDEST, type Past, PRESENT, startPast } from "./past.ts";
import { until } from "./server.ts";

let map: Past;
beforeAll(async () => {
  Object.assign(globalThis, { WebSocket });
  map = await startPast();
});
afterAll(() => map.stop());
afterEach(() => {
  cleanup();
  vi.restoreAllMocks();
});

const statusIn = (client: LivingMapClient) =>
  client.getState().data.scene.nodes?.collections.items?.get(NODE)?.status;

async function living(): Promise<LivingMapClient> {
  const client = new LivingMapClient({ url: map.url });
  client.start();
  await until(client.subscribe, () => client.getState().connection.status === "live");
  return client;
}

async function at(client: LivingMapClient, moment: string): Promise<void> {
  client.seek(moment);
  const wanted = Date.parse(moment);
  await until(
    client.subscribe,
    () => client.getState().time.moment === wanted && !client.getState().time.isLoading,
  );
}

describe("a client", () => {
  test("shows a moment and the present again, without a new connection", async () => {
    const client = await living();
    await at(client, NOON);
    expect(statusIn(client)).toBe("offline");
    expect(client.getState().present.scene.nodes?.collections.items?.get(NODE)?.status).toBe("online");
    expect(client.getState().connection.status).toBe("live");
    client.live();
    expect(client.getState().time.mode).toBe("live");
    expect(statusIn(client)).toBe("online");
    client.stop();
  });

  test("keeps what is the same at two moments", async () => {
    const client = await living();
    const ash = () => client.getState().data.scene.nodes?.collections.items?.get("node:ash-1");
    await at(client, NOON);
    const before = ash();
    await at(client, LATER);
    expect(ash()).toBe(before);
    expect(statusIn(client)).toBe("online");
    client.stop();
  });

  test("says why a moment cannot be shown, and shows nothing in its place", async () => {
    const client = await living();
    client.seek("2026-11-28T12:00:00.000Z");
    await until(client.subscribe, () => client.getState().time.error !== null);
    const { time, data } = client.getState();
    expect([time.mode, time.error?.code, time.isLoading]).toEqual(["past", "not_kept", false]);
    expect(data.meta).toBeNull();
    client.stop();
  });

  test("plays what was, until it has come to the present", async () => {
    const client = await living();
    const played: string[] = [];
    client.subscribeEvents((events) => played.push(...events.map(({ event_type }) => event_type)));
    await at(client, NOON);
    client.play(100);
    await until(client.subscribe, () => client.getState().time.moment === Date.parse(HEARTBEAT));
    expect(statusIn(client)).toBe("online");
    expect(played).toEqual(["node.status.update"]);
    expect(client.getState().time.speed).toBe(100);
    map.arrive();
    await until(client.subscribe, () => client.getState().time.mode === "live");
    client.stop();
  });

  test.each([-3, 3])("plays it where the reader's clock is %d days ahead", async (days) => {
    const client = await living();
    await at(client, NOON);
    const { now } = Date;
    vi.spyOn(Date, "now").mockImplementation(() => now() + days * 24 * 3_600_000);
    client.play(1);
    await until(client.subscribe, () => (client.getState().time.moment ?? 0) >= Date.parse(HEARTBEAT));
    expect(client.getState().time.moment).toBeLessThan(Date.parse(PRESENT));
    client.stop();
  });

  test("that is paused shows a moment, and the present afterwards", async () => {
    const client = await living();
    client.pause();
    await at(client, NOON);
    expect(client.getState().paused).toBe(false);
    client.stop();
  });
});

describe("a map without a present", () => {
  test("shows its beginning, its end stands for now, and nothing is live", async () => {
    const file = await startPast(true);
    const client = new LivingMapClient({ url: file.url });
    client.start();
    await until(client.subscribe, () => client.getState().time.moment === Date.parse(OLDEST));
    client.live();
    const { time, recording, present, connection } = client.getState();
    expect(time.mode).toBe("past");
    expect(recording).toEqual({ from: OLDEST, to: PRESENT });
    expect(present.generatedAt).toBe(PRESENT);
    expect(connection.status).toBe("idle");
    expect(file.asked.some((path) => path.includes("stream"))).toBe(false);
    client.stop();
    await file.stop();
  });
});

function Full({ moment }: { readonly moment: string | undefined }) {
  const { snapshot, isLoading, error, connectionStatus } = useLivingMapFull({ url: map.url, at: moment });
  const items = (snapshot?.layers.nodes?.items ?? []) as readonly Item[];
  const status = items.find(({ id }) => id === NODE)?.status ?? null;
  return <output>{JSON.stringify([isLoading, connectionStatus, error?.code ?? null, status])}</output>;
}

describe("useLivingMapFull", () => {
  test("shows a moment without a connection, and another when that changes", async () => {
    map.asked.length = 0;
    const { rerender } = render(<Full moment={NOON} />, { wrapper: StrictMode });
    await screen.findByText('[false,"idle",null,"offline"]');
    rerender(<Full moment={LATER} />);
    await screen.findByText('[false,"idle",null,"online"]');
    rerender(<Full moment="2026-11-28T12:00:00.000Z" />);
    await screen.findByText('[false,"refused","not_kept",null]');
    expect(map.asked.some((path) => path.includes("stream"))).toBe(false);
    rerender(<Full moment={undefined} />);
    await screen.findByText('[false,"live",null,"online"]');
  });

  test("shows a moment beside a provider that is live", async () => {
    const client = await living();
    render(
      <LivingMapProvider client={client}>
        <Full moment={NOON} />
      </LivingMapProvider>,
    );
    await screen.findByText('[false,"idle",null,"offline"]');
    expect(client.getState().time.mode).toBe("live");
    client.stop();
  });
});

test("useLivingMapTime leads all components to a moment and back", async () => {
  const client = await living();
  let time: LivingMapTime | undefined;
  function Clock() {
    time = useLivingMapTime();
    const from = time.range && new Date(time.range.from).toISOString();
    return <output>{JSON.stringify([time.mode, from, useLivingMapEntity(NODE)?.status ?? null])}</output>;
  }
  render(
    <LivingMapProvider client={client}>
      <Clock />
    </LivingMapProvider>,
  );
  await screen.findByText('["live","2026-11-29T10:00:00.000Z","online"]');
  time?.seek(new Date(NOON));
  await screen.findByText('["past","2026-11-29T10:00:00.000Z","offline"]');
  time?.live();
  await screen.findByText('["live","2026-11-29T10:00:00.000Z","online"]');
  client.stop();
});
