// @vitest-environment node
import { renderToString } from "react-dom/server";
import { expect, test } from "vitest";
import {
  type LivingMapFull,
  LivingMapProvider,
  useLivingMapEntity,
  useLivingMapFull,
} from "../../src/features/livingMap/index.ts";
import { Network } from "./network.ts";

let full: LivingMapFull;
function Full({ url }: { readonly url: string | undefined }) {
  full = useLivingMapFull({ url });
  return <p>{full.connectionStatus}</p>;
}

function Sofia() {
  return <p>{useLivingMapEntity("agent:sofia") ? "there" : "not there"}</p>;
}

test.each([undefined, "", "/map/", "map", "https://map.example.org/", "http://[", "no address"])(
  "a server renders with any url, and asks nobody: %s",
  (url) => {
    const network = new Network();
    network.install();
    const html = renderToString(
      <LivingMapProvider url={url}>
        <Sofia />
      </LivingMapProvider>,
    );
    expect(html).toBe("<p>not there</p>");
    expect(renderToString(<Full url={url} />)).toBe("<p>idle</p>");
    expect([full.isLoading, full.error, full.snapshot]).toEqual([true, null, null]);
    expect(network.asked).toEqual([]);
  },
);
