"""The npm package, used by a page of somebody else's."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import ROOT

FRONTEND = ROOT / "frontend"
APP = """
import { createRoot } from "react-dom/client";
import { type Item, LivingMapProvider, useLivingMapEntity } from "@livingmap/react";
import { useLivingMapFull, useLivingMapLayer } from "@livingmap/react";

function Network() {
  const { snapshot, events, isLoading, error, connectionStatus } = useLivingMapFull();
  if (error && !snapshot) return <p role="alert">{error.message}</p>;
  if (isLoading) return <p>Loading…</p>;
  const nodes = snapshot?.layers.nodes?.items as readonly Item[];
  return (
    <main>
      <h1>{connectionStatus}</h1>
      <p id="nodes">{nodes.length} nodes</p>
      <p id="last">{events[0]?.event_type}</p>
      <Load id="node:eastmere-1-gpu" />
      <Agents />
    </main>
  );
}

function Load({ id }: { readonly id: string }) {
  const metrics = useLivingMapEntity(id)?.metrics as { readonly cpu?: number } | undefined;
  return <p id="load">{metrics?.cpu}</p>;
}

function Agents() {
  return <p id="agents">{useLivingMapLayer("agents")?.collections.items?.size ?? 0} agents</p>;
}

const root = document.getElementById("root");
if (root) createRoot(root).render(<LivingMapProvider><Network /></LivingMapProvider>);
"""
OPTIONS = {
    "compilerOptions": {
        "strict": True,
        "noEmit": True,
        "jsx": "react-jsx",
        "target": "es2022",
        "module": "esnext",
        "moduleResolution": "bundler",
        "lib": ["es2023", "dom"],
        "types": [],
    },
    "include": ["app.tsx"],
}


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
    """Write, check and build an app that has the package from its packed file."""
    folder = tmp_path_factory.mktemp("app")
    bin_folder = FRONTEND / "node_modules" / ".bin"
    run(bin_folder / "tsdown", "--logLevel", "error", folder=FRONTEND)
    run("npm", "pack", "--pack-destination", folder, "./package", folder=FRONTEND)
    modules = folder / "node_modules"
    (modules / "@livingmap").mkdir(parents=True)
    run("tar", "-xzf", next(folder.glob("*.tgz")), "-C", modules / "@livingmap", folder=folder)
    (modules / "@livingmap" / "package").rename(modules / "@livingmap" / "react")
    for name in ("react", "react-dom", "scheduler", "csstype", "@types/react", "@types/react-dom"):
        shutil.copytree(FRONTEND / "node_modules" / name, modules / name)
    (folder / "app.tsx").write_text(APP, encoding="utf-8")
    (folder / "tsconfig.json").write_text(json.dumps(OPTIONS))
    (folder / "index.html").write_text('<div id="root"></div><script type="module" src="./app.tsx"></script>')
    (folder / "package.json").write_text('{"type": "module"}')
    run(bin_folder / "tsc", "-p", ".", folder=folder)
    run(bin_folder / "vite", "build", "--logLevel", "error", folder=folder)
    return folder / "dist"


def test_an_app_of_thirty_lines_shows_live_data(visitors, the_map, app):
    assert len(APP.strip().splitlines()) <= 36
    visitor = visitors(the_map.url)
    page = visitor.page
    # The app is served beside the map, as a proxy in front of both would.
    page.route(f"{the_map.url}/", lambda route: route.fulfill(path=app / "index.html"))
    page.route(
        f"{the_map.url}/assets/*", lambda route: route.fulfill(path=app / "assets" / Path(route.request.url).name)
    )
    page.goto(the_map.url)
    expect(page.get_by_role("heading", name="live")).to_be_visible()
    expect(page.locator("#nodes")).to_have_text("40 nodes")
    the_map.publish("node.metrics.update", {"node_id": "node:eastmere-1-gpu", "cpu": 0.77, "gpu": 0.1, "ram": 0.1})
    expect(page.locator("#load")).to_have_text("0.77")
    expect(page.locator("#agents")).to_have_text("200 agents")
