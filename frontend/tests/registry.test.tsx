// @vitest-environment happy-dom
import { cleanup, render, screen, waitFor } from "@testing-library/react";
import { afterEach, describe, expect, test, vi } from "vitest";
import { RegistryProvider, useRegistry } from "../src/features/livingMap/app/registry.tsx";
import { LivingMapClient } from "../src/features/livingMap/client/client.ts";
import type { ConnectionStatus } from "../src/features/livingMap/client/machine.ts";
import type { Scene } from "../src/features/livingMap/client/scene.ts";
import { type MapState, NEW_STATE } from "../src/features/livingMap/client/state.ts";
import type { Registry } from "../src/features/livingMap/domain/registry.ts";
import { LivingMapProvider } from "../src/features/livingMap/hooks/LivingMapProvider.tsx";
import { LanguageContext, type Locale, languageOf } from "../src/features/livingMap/i18n/i18n.tsx";
import { SHOP, shopScene } from "./shop.ts";

const SCENE = shopScene();

function stateOf(status: ConnectionStatus, scene: Scene): MapState {
  return {
    ...NEW_STATE,
    data: { ...NEW_STATE.data, scene },
    connection: { ...NEW_STATE.connection, status },
  };
}

/** A page that shows which kinds it knows, before a network that gives `answers` in turn, and then the last for ever. */
function page(answers: readonly (object | number)[]) {
  const asked: string[] = [];
  vi.stubGlobal("fetch", async (url: URL, { headers }: { headers: Record<string, string> }) => {
    if (!url.pathname.endsWith("/types")) return await new Promise(() => undefined);
    const answer = answers[Math.min(asked.length, answers.length - 1)];
    asked.push(headers["Accept-Language"] ?? "");
    return typeof answer === "number" ? new Response("{}", { status: answer }) : Response.json(answer);
  });
  const client = new LivingMapClient({ url: "http://map.test/" });
  const registries: Registry[] = [];
  function Kinds({ isReady }: { readonly isReady: boolean }) {
    const registry = useRegistry();
    registries.push(registry);
    const labels = registry.kinds.map(({ label }) => label).join(" ");
    return <output>{isReady ? `ready: ${labels}` : "waiting"}</output>;
  }
  const element = (status: ConnectionStatus, scene = SCENE, locale: Locale = "en") => (
    <LanguageContext value={languageOf(locale)}>
      <LivingMapProvider client={client}>
        <RegistryProvider state={stateOf(status, scene)}>
          {(isReady) => <Kinds isReady={isReady} />}
        </RegistryProvider>
      </LivingMapProvider>
    </LanguageContext>
  );
  return { element, asked, registries };
}

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

describe("what things are", () => {
  test("is asked before anything is drawn, and completed by what the snapshot shows", async () => {
    const { element, asked } = page([SHOP]);
    render(element("connecting"));
    expect(screen.getByRole("status").textContent).toBe("waiting");
    await screen.findByText("ready: Target Alert Queue Order Keeper Shelf");
    expect(asked).toEqual(["en"]);
  });

  test("is asked again when the map is live again and in another language; what is the same changes nothing", async () => {
    const { element, asked, registries } = page([SHOP]);
    const { rerender } = render(element("connecting"));
    await screen.findByText(/^ready/);
    const before = registries.at(-1);
    rerender(element("live"));
    rerender(element("live", SCENE, "uk"));
    await waitFor(() => expect(asked).toEqual(["en", "en", "uk"]));
    expect(registries.at(-1)).toBe(before);
  });

  test("is asked again when a type appears that was not there", async () => {
    const { element, asked } = page([SHOP]);
    const { rerender } = render(element("live"));
    await screen.findByText(/^ready/);
    rerender(
      element("live", {
        ...SCENE,
        lab: { totals: {}, collections: { items: new Map([["probe:a", { id: "probe:a" }]]) } },
      }),
    );
    await screen.findByText(/Keeper Probe Shelf$/);
    await waitFor(() => expect(asked).toHaveLength(2));
  });

  test("is what the snapshot shows where an older map cannot say it, once that is live", async () => {
    const { element, asked } = page([404]);
    const { rerender } = render(element("connecting"));
    await waitFor(() => expect(asked).toHaveLength(1));
    expect(screen.getByRole("status").textContent).toBe("waiting");
    rerender(element("live"));
    await screen.findByText("ready: Alert Keeper Order Queue Shelf Target");
  });
});
