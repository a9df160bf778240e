// @vitest-environment happy-dom
// Runs with React 18.3 and with React 19, see vite.config.ts.
import { act, Component, type ReactNode, StrictMode, version } from "react";
import { createRoot, hydrateRoot, type Root } from "react-dom/client";
import { renderToString } from "react-dom/server";
import { afterEach, beforeEach, describe, expect, inject, test, vi } from "vitest";
import {
  type LivingMapFull,
  type LivingMapOptions,
  LivingMapProvider,
  useLivingMapConnection,
  useLivingMapEntity,
  useLivingMapFull,
  useLivingMapLayer,
  useLivingMapProblems,
} from "../../src/features/livingMap/index.ts";
import { eventOf, Network } from "./network.ts";

const URL_OF_MAP = "https://map.example.org/";

let network: Network;
let host: HTMLDivElement;
let root: Root;
let complaints: string[];

beforeEach(() => {
  Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });
  network = new Network();
  network.install();
  host = document.createElement("div");
  document.body.append(host);
  complaints = [];
  vi.spyOn(console, "error").mockImplementation((...texts) => complaints.push(texts.map(String).join(" ")));
  root = createRoot(host);
});

afterEach(async () => {
  await act(async () => root.unmount());
  host.remove();
  vi.restoreAllMocks();
});

const render = (node: ReactNode) => act(async () => root.render(node));

/** Wait, as React asks for, until something holds. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await act(() => new Promise((resolve) => setTimeout(resolve, 10)));
}

const isLive = () => host.textContent?.includes("live") ?? false;

let full: LivingMapFull;
function Full(options: LivingMapOptions) {
  full = useLivingMapFull(options);
  return (
    <p>
      {full.connectionStatus} {full.snapshot?.layers.agents.items.length ?? 0}
    </p>
  );
}

function Sofia() {
  const agents = useLivingMapLayer("agents");
  return (
    <p>
      {useLivingMapEntity("agent:sofia")?.name} of {agents?.collections.items?.size ?? 0}
    </p>
  );
}

test("React is the version that this run is about", () => {
  expect(version).toMatch(inject("react"));
});

describe("what a server has rendered", () => {
  test("is taken over without a complaint", async () => {
    const app = (
      <LivingMapProvider url={URL_OF_MAP}>
        <Full />
        <Sofia />
      </LivingMapProvider>
    );
    await act(async () => root.unmount());
    host.innerHTML = renderToString(app);
    root = await act(async () => hydrateRoot(host, app));
    await until(isLive);
    expect(complaints).toEqual([]);
  });
});

describe("in a browser", () => {
  test("the hook goes live, and leaves no connection behind", async () => {
    await render(<Full url={URL_OF_MAP} />);
    await until(isLive);
    expect(host.textContent).toBe("live 1");
    expect(network.open).toBe(1);
    await render(null);
    expect(network.open).toBe(0);
    expect(complaints).toEqual([]);
  });

  test("a provider serves all below it by one connection, in strict mode too", async () => {
    await render(
      <StrictMode>
        <LivingMapProvider url={URL_OF_MAP}>
          <Full />
          <Full />
          <Sofia />
        </LivingMapProvider>
      </StrictMode>,
    );
    await until(isLive);
    expect(host.textContent).toBe("live 1live 1Sofia of 1");
    expect(network.open).toBe(1);
    await render(null);
    expect(network.open).toBe(0);
    expect(complaints).toEqual([]);
  });

  test("two maps on a page stay apart", async () => {
    await render(
      <>
        <Full url={URL_OF_MAP} />
        <Full url="https://other.example.org/" layers={["nodes"]} />
      </>,
    );
    await until(() => host.textContent === "live 1live 1");
    expect(network.open).toBe(2);
    expect(network.asked).toContain("https://other.example.org/living-map/snapshot?layers=nodes");
    await render(<Full url={URL_OF_MAP} />);
    expect(network.open).toBe(1);
    expect(isLive()).toBe(true);
  });

  test("a url that is not complete is that of the page's site", async () => {
    await render(<Full url="/map" />);
    await until(isLive);
    expect(network.asked[0]).toBe(new URL("/map/living-map/snapshot", document.baseURI).href);
  });

  test("a moment asked for below a provider leaves the others in the present", async () => {
    const app = (at?: string) => (
      <LivingMapProvider url={URL_OF_MAP}>
        <Full />
        <Full at={at} />
      </LivingMapProvider>
    );
    await render(app());
    await until(() => host.textContent === "live 1live 1");
    await render(app("2026-11-29T11:00:00Z"));
    await until(() => host.textContent === "live 1idle 1");
    await render(app());
    await until(() => host.textContent === "live 1live 1");
  });
});

describe("an option", () => {
  test("enabled: false reads nothing, and closes a connection without losing what was read", async () => {
    await render(<Full url={URL_OF_MAP} enabled={false} />);
    expect([full.connectionStatus, full.isLoading, network.asked]).toEqual(["idle", false, []]);
    await render(<Full url={URL_OF_MAP} enabled />);
    expect(full.isLoading || full.snapshot !== null).toBe(true);
    await until(isLive);
    await render(<Full url={URL_OF_MAP} enabled={false} />);
    expect(network.open).toBe(0);
    expect(host.textContent).toBe("idle 1");
  });

  test("enabled: false of a provider holds for all below it", async () => {
    await render(
      <LivingMapProvider url={URL_OF_MAP} enabled={false}>
        <Full />
      </LivingMapProvider>,
    );
    expect([full.connectionStatus, full.isLoading, network.asked]).toEqual(["idle", false, []]);
  });

  test("onEvent is called with each event once, and keepEvents bounds those that are kept", async () => {
    const types: string[] = [];
    const app = (prefix: string) => (
      <StrictMode>
        <Full url={URL_OF_MAP} keepEvents={2} onEvent={({ event_type }) => types.push(prefix + event_type)} />
      </StrictMode>
    );
    await render(app("first "));
    await until(isLive);
    network.say(eventOf("a", 1));
    await until(() => full.events.length === 1);
    await render(app("second "));
    network.say(eventOf("b", 2));
    network.say(eventOf("c", 3));
    await until(() => full.events.length === 2);
    expect(full.events.map(({ event_type }) => event_type)).toEqual(["c", "b"]);
    expect(types).toEqual(["first a", "second b", "second c"]);
    expect(network.open).toBe(1);
  });

  test.each(["http://[", "ftp://map.example.org/", "https://user@map.example.org/"])(
    "url that can never work is an error at once: %s",
    async (url) => {
      await render(<Full url={url} />);
      await until(() => full.connectionStatus === "error");
      expect(full.isLoading).toBe(false);
      expect(full.error).toMatchObject({ name: "MapError", code: "invalid_url" });
      expect(full.error?.message).toContain(JSON.stringify(url));
      expect(network.asked).toEqual([]);
    },
  );

  test("url at which there is no map becomes an error, and is live once there is one", async () => {
    const answers: Record<string, () => Response | Promise<Response>> = {
      "https://nobody.example/": () => Promise.reject(new TypeError("Failed to fetch")),
      "https://page.example/": () => new Response("<!doctype html>"),
      "https://api.example/": () => Response.json({ swagger: "2.0" }),
      "https://nothing.example/": () => new Response("", { status: 404 }),
    };
    const snapshot = network.answers["living-map/snapshot"];
    network.answers["living-map/snapshot"] = ({ origin }) => answers[`${origin}/`]?.() as Response;
    const fulls: Record<string, LivingMapFull> = {};
    const One = ({ url }: { readonly url: string }) => {
      fulls[url] = useLivingMapFull({ url });
      return <p>{fulls[url].connectionStatus}</p>;
    };
    await render(Object.keys(answers).map((url) => <One key={url} url={url} />));
    expect(host.textContent).toBe("connecting".repeat(4));
    await until(() => host.textContent === "error".repeat(4));
    expect(Object.values(fulls).map(({ isLoading, error }) => [isLoading, error?.status, error?.code])).toEqual([
      [false, null, null],
      [false, null, "not_a_map"],
      [false, null, "not_a_map"],
      [false, 404, null],
    ]);
    Object.assign(network.answers, { "living-map/snapshot": snapshot });
    await until(() => host.textContent === "live".repeat(4));
    expect(Object.values(fulls).map(({ error }) => error)).toEqual([null, null, null, null]);
  });

  test("url that is not that of the provider above is an error in development", async () => {
    const shown: string[] = [];
    class Guard extends Component<{ readonly children: ReactNode }> {
      override state = { isBroken: false };
      static getDerivedStateFromError() {
        return { isBroken: true };
      }
      override componentDidCatch(error: Error) {
        shown.push(error.message);
      }
      override render() {
        return this.state.isBroken ? null : this.props.children;
      }
    }
    const app = (url: string) => (
      <LivingMapProvider url={URL_OF_MAP}>
        <Guard key={url}>
          <Full url={url} />
        </Guard>
      </LivingMapProvider>
    );
    await render(app("https://map.example.org"));
    expect(shown).toEqual([]);
    await render(app("https://other.example.org"));
    expect(shown.join()).toMatch(/other\.example\.org.*<LivingMapProvider> of another map.*map\.example\.org/);
  });
});

test("who is refused is let in by retry, with another token", async () => {
  let token = "old";
  const snapshot = network.answers["living-map/snapshot"];
  network.answers["living-map/snapshot"] = () => new Response("", { status: 401 });
  let retry = () => {};
  function Retry() {
    const { status, retry: again } = useLivingMapConnection();
    retry = again;
    return <>{status}</>;
  }
  await render(
    <LivingMapProvider url={URL_OF_MAP} getToken={() => token}>
      <Retry />
    </LivingMapProvider>,
  );
  await until(() => host.textContent === "unauthenticated");
  token = "new";
  Object.assign(network.answers, { "living-map/snapshot": snapshot });
  await act(async () => retry());
  await until(isLive);
  expect(network.sockets[0]?.protocols).toEqual(["livingmap.v1", "bearer.new"]);
});

test("problems are followed, the gravest first, and gone when they end", async () => {
  const problem = (id: string, severity: string, since: string) => ({ id, severity, since, what: id });
  const old = problem("old", "warning", "2026-11-29T10:00:00Z");
  const grave = problem("grave", "critical", "2026-11-29T12:00:00Z");
  network.greeting = { kind: "problems", items: [old], total: 1 };
  function Problems() {
    const { problems, isLoading, connectionStatus } = useLivingMapProblems({ lang: "uk" });
    return <>{isLoading ? "loading" : `${connectionStatus}: ${problems.map(({ what }) => what).join()}`}</>;
  }
  await render(
    <StrictMode>
      <LivingMapProvider url={URL_OF_MAP} enabled={false}>
        <Problems />
      </LivingMapProvider>
    </StrictMode>,
  );
  await until(() => host.textContent === "live: old");
  expect(network.asked.at(-1)).toBe("wss://map.example.org/living-map/stream?feed=problems&lang=uk&batch=true");
  await act(async () => network.say({ kind: "problem", state: "open", item: grave }));
  await until(() => host.textContent === "live: grave,old");
  await act(async () => network.say({ kind: "problem", state: "ended", item: old }));
  await until(() => host.textContent === "live: grave");
  await render(null);
  expect(network.open).toBe(0);
});
