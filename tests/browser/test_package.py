"""The npm package, used by a page of somebody else's."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import ROOT

FRONTEND = ROOT / "frontend"
APP = """
import { createRoot } from "react-dom/client";
import { LivingMapProvider, useLivingMapEntity } from "@livingmap/react";
import { useLivingMapFull, useLivingMapLayer } from "@livingmap/react";

function Network() {
  const { snapshot, events, isLoading, error, connectionStatus } = useLivingMapFull();
  if (error && !snapshot) return <p role="alert">{error.message}</p>;
  if (isLoading) return <p>Loading…</p>;
  return (
    <main>
      <h1>{connectionStatus}</h1>
      <p id="nodes">{snapshot?.layers.nodes.items.length} nodes</p>
      <p id="last">{events[0]?.event_type}</p>
      <Load id="node:eastmere-1-gpu" />
      <Agents />
    </main>
  );
}

function Load({ id }: { readonly id: `node:${string}` }) {
  return <p id="load">{useLivingMapEntity(id)?.metrics?.cpu}</p>;
}

function Agents() {
  return <p id="agents">{useLivingMapLayer("agents")?.collections.items?.size ?? 0} agents</p>;
}

const root = document.getElementById("root");
if (root) createRoot(root).render(<LivingMapProvider><Network /></LivingMapProvider>);
"""
NODE = "node:eastmere-1-gpu"
MAPS = """
import { StrictMode, useRef, useState } from "react";
import { createRoot } from "react-dom/client";
import { LivingMapProvider, useLivingMapFull } from "@livingmap/react";
import { LivingMap, type LivingMapHandle } from "@livingmap/react/map";

function Page() {
  const { connectionStatus } = useLivingMapFull();
  const [picked, pick] = useState<string | null>(null);
  const [other, pickOther] = useState<string | null>(null);
  const [fault, setFault] = useState("");
  const map = useRef<LivingMapHandle>(null);
  const style = { height: 380 };
  return (
    <main>
      <h1>{connectionStatus}</h1>
      <p id="picked">{picked}</p>
      <p id="other">{other}</p>
      <p id="fault">{fault}</p>
      <button onClick={() => map.current?.flyTo("NODE")}>Fly</button>
      <LivingMap
        ref={map} select={picked} onSelect={pick} layers={["nodes"]} locale="uk" theme="light" style={style}
        onError={({ message }) => setFault(message)}
      />
      <LivingMap url={location.origin} flyTo="NODE" onSelect={pickOther} locale="en" theme="dark" style={style} />
    </main>
  );
}

const root = document.getElementById("root");
if (root) createRoot(root).render(<StrictMode><LivingMapProvider><Page /></LivingMapProvider></StrictMode>);
""".replace("NODE", NODE)
HOSTILE = """
<style>
  * { font-size: 90px; letter-spacing: 1em }
  canvas, div { max-width: 50px !important; filter: invert(1); transform: rotate(20deg) }
  #root, main, main > div { max-width: none !important; filter: none; transform: none }
</style>
"""
PAGE = """<!doctype html>
<html lang="en"><title>An app</title>{styles}
<body style="margin:0"><div id="root"></div><script type="module" src="./{name}.tsx"></script>
"""
VITE = 'export default { base: "./", build: { rolldownOptions: { input: ["index.html", "maps.html"] } } };'
OPTIONS = {
    "compilerOptions": {
        "strict": True,
        "noEmit": True,
        "jsx": "react-jsx",
        "target": "es2022",
        "module": "esnext",
        "moduleResolution": "bundler",
        "lib": ["es2023", "dom", "dom.iterable"],
        "types": [],
    },
    "include": ["*.tsx", "examples/*.tsx"],
}


PAGES = (FRONTEND / "package" / "README.md", ROOT / "docs" / "frontend.md")
GIVEN = {
    "useRef, useState": "react",
    "useLivingMapFull, useLivingMapTime": "@livingmap/react",
}
"""What an example takes as imported, by where that is from."""


def example_modules():
    """Yield the examples of the package's README and of the documentation, each as a module."""
    for page in PAGES:
        for code in re.findall(r"^```tsx\n(.*?)^```$", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL):
            imports = "\n".join(re.findall(r"^import .*$", code, re.MULTILINE))
            given = [
                f'import {{ {name} }} from "{source}";'
                for names, source in GIVEN.items()
                for name in names.split(", ")
                if name not in imports
            ]
            session = "declare const session: { token(): string };"
            yield "\n".join([*given, session, code.replace("  …\n", ""), "export {};"])


def run(*arguments, folder):
    tools = subprocess.check_output([ROOT / "scripts" / "get_node.sh"], text=True).strip()
    path = os.pathsep.join([tools, os.environ["PATH"]])
    done = subprocess.run(
        [shutil.which(arguments[0], path=path), *arguments[1:]],
        check=False,
        cwd=folder,
        capture_output=True,
        text=True,
        env={**os.environ, "PATH": path},
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def app(tmp_path_factory) -> Path:
    """Write, check and build two pages that have the package from its packed file."""
    folder = tmp_path_factory.mktemp("app")
    bin_folder = FRONTEND / "node_modules" / ".bin"
    package = folder / "package"  # that of the checkout is built by another check at the same time
    shutil.copytree(FRONTEND / "package", package, ignore=shutil.ignore_patterns("dist"))
    run(bin_folder / "tsdown", "--logLevel", "error", "--out-dir", package / "dist", folder=FRONTEND)
    run("npm", "pack", "--pack-destination", folder, package, folder=FRONTEND)
    modules = folder / "node_modules"
    (modules / "@livingmap").mkdir(parents=True)
    run("tar", "-xzf", next(folder.glob("*.tgz")), "-C", modules / "@livingmap", folder=folder)
    (modules / "@livingmap" / "package").rename(modules / "@livingmap" / "react")
    for name in ("react", "react-dom", "scheduler", "csstype", "@types/react", "@types/react-dom"):
        shutil.copytree(FRONTEND / "node_modules" / name, modules / name)
    for name, text in {"index": APP, "maps": MAPS}.items():
        (folder / f"{name}.tsx").write_text(text, encoding="utf-8")
        styles = HOSTILE if name == "maps" else ""
        (folder / f"{name}.html").write_text(PAGE.format(styles=styles, name=name))
    (folder / "examples").mkdir()
    for number, text in enumerate(example_modules()):
        (folder / "examples" / f"example{number}.tsx").write_text(text, encoding="utf-8")
    (folder / "vite.config.js").write_text(VITE)
    (folder / "tsconfig.json").write_text(json.dumps(OPTIONS))
    (folder / "package.json").write_text('{"type": "module"}')
    run(bin_folder / "tsc", "-p", ".", folder=folder)
    run(bin_folder / "vite", "build", "--logLevel", "error", folder=folder)
    return folder / "dist"


@pytest.fixture
def opened(visitors, the_map, app):
    """Open a page of the app, served beside the map, as a proxy in front of both would."""

    def open_page(name, without=None):
        visitor = visitors(the_map.url, viewport={"width": 1280, "height": 1000})
        visitor.is_cut_off = without is not None
        page = visitor.page
        page.route(f"{the_map.url}/", lambda route: route.fulfill(path=app / f"{name}.html"))
        page.route(
            f"{the_map.url}/assets/*",
            lambda route: route.fulfill(path=app / "assets" / Path(route.request.url).name),
        )
        if without:
            page.route(without, lambda route: route.abort())
        page.goto(the_map.url)
        expect(page.get_by_role("heading", name="live")).to_be_visible()
        return visitor

    return open_page


def test_an_app_of_thirty_lines_shows_live_data(opened, the_map):
    assert len(APP.strip().splitlines()) <= 36
    page = opened("index").page
    expect(page.locator("#nodes")).to_have_text("40 nodes")
    the_map.publish("node.metrics.update", {"node_id": NODE, "cpu": 0.77, "gpu": 0.1, "ram": 0.1})
    expect(page.locator("#load")).to_have_text("0.77")
    expect(page.locator("#agents")).to_have_text("200 agents")


def test_the_map_is_a_component_that_the_styles_of_a_page_do_not_reach(opened):
    visitor = opened("maps")
    page = visitor.page
    maps = page.get_by_role("application")
    expect(maps).to_have_count(2)
    for each in (maps.nth(0), maps.nth(1)):
        expect(each.locator("canvas")).to_be_visible()
    visitor.see("component")
    box = maps.nth(1).locator("canvas").bounding_box()
    assert (box["width"], box["height"]) == (1280, 380)
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page.locator("#other")).to_have_text(NODE)
    expect(page.locator("#picked")).to_be_empty()
    page.get_by_role("button", name="Fly").click()
    maps.nth(0).focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#picked")).to_have_text(re.compile("^node:"))
    expect(page.locator("#other")).to_have_text(NODE)
    assert visitor.faults() == []


def test_code_that_cannot_be_loaded_is_said_in_the_map_s_own_place_and_tried_again(opened):
    drawing = re.compile("/assets/Canvas-")
    visitor = opened("maps", without=drawing)
    page = visitor.page
    expect(page.get_by_role("alert")).to_have_text(
        ["Мапу не вдалося показати.Спробувати знову", "The map could not be shown.Try again"]
    )
    expect(page.locator("#fault")).to_contain_text("Canvas-")
    assert visitor.faults() == []
    page.unroute(drawing)
    page.get_by_role("button", name="Спробувати знову").click()
    expect(page.get_by_role("application")).to_have_count(1)
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("application")).to_have_count(2)
