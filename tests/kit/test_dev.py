"""`livingmap dev`: one plugin on a map of its own, again whenever it is saved."""

import contextlib
import json
import os
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
import yaml
from watchfiles import Change

from livingmap.cli.dev import is_of_a_plugin
from livingmap.kit.scaffold import Kind, create
from livingmap.kit.trial import Trial, TrialError
from tests.support.ports import free_port
from tests.support.running import wait_until

LIVINGMAP = Path(sys.executable).parent / "livingmap"


@pytest.fixture
def plugin(tmp_path):
    return create("tides", Kind.HTTP, tmp_path) / "tides.py"


@contextlib.contextmanager
def developing(plugin, *options, stdout=subprocess.DEVNULL):
    """Run the command beside the block; give the address of the map."""
    port = free_port()
    clean = {name: value for name, value in os.environ.items() if not name.startswith("LIVINGMAP_")}
    with subprocess.Popen(
        [LIVINGMAP, "dev", plugin, "--port", str(port), *options],
        env=clean | {"WATCHFILES_FORCE_POLLING": "true"},
        cwd=plugin.parent.parent,
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield f"http://127.0.0.1:{port}/living-map", process
        finally:
            process.terminate()


def wait_for(holds):
    """Return once ``holds`` does: three programs have to start for it, one after the other."""
    wait_until(holds, seconds=240)


def asked(url):
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return json.load(answer)
    except OSError:
        return {}


def names(url):
    layers = asked(f"{url}/snapshot").get("layers", {})
    return [item["name"] for item in layers.get("tides", {}).get("items", [])]


def error(url):
    return str(next(iter(asked(f"{url}/sources").get("items", [])), {}).get("error"))


def test_a_plugin_is_served_again_when_it_is_saved_and_a_fault_of_it_is_shown(plugin):
    text, sample = plugin.read_text(), plugin.parent / "samples" / "items.json"
    with developing(plugin) as (url, _):
        wait_for(lambda: names(url) == ["The first", "The second"])
        plugin.write_text(text.replace("class Row", "clas Row"))
        wait_for(lambda: "SyntaxError: invalid syntax" in error(url))
        plugin.write_text(text)
        sample.write_text(sample.read_text().replace("The second", "Another"))
        wait_for(lambda: names(url) == ["The first", "Another"])


def test_a_fault_is_in_the_terminal_too(plugin):
    plugin.write_text(plugin.read_text().replace("class Row", "clas Row"))
    with developing(plugin, "--once") as (_, process):
        line = json.loads(process.stderr.readline())
        assert line["event"] == "a source could not be loaded"
        assert "SyntaxError: invalid syntax" in line["error"]


def test_its_grade_is_in_the_terminal(plugin):
    with developing(plugin, "--once", stdout=subprocess.PIPE) as (_, process):
        assert process.stdout.readline().startswith("tides: silver; lacks the label of the type tides in two")


@pytest.mark.parametrize(
    ("path", "counts"),
    [
        ("tides.py", True),
        ("samples/items.json", True),
        ("samples/gone.json", True),
        ("samples", False),
        (".pytest_cache/README.md", False),
        ("pytest-cache-files-x1/README.md", False),
        ("pytest-cache-files-x1", False),
        ("__pycache__/tides.cpython-312.pyc", False),
        (".hypothesis/examples/a.py", False),
        ("tides.py~", False),
        ("4913", False),
    ],
)
def test_only_files_that_a_plugin_is_made_of_have_it_start_again(plugin, path, counts):
    assert is_of_a_plugin(Change.modified, str(plugin.parent / path)) is counts
    assert is_of_a_plugin(Change.deleted, str(plugin.parent / path)) is counts


def test_a_plugin_with_samples_replays_them_unless_it_is_live(plugin):
    trial = Trial(str(plugin))
    assert (trial.folder, yaml.safe_load(yaml.safe_dump(trial.sections(live=False, port=7)))) == (
        plugin.parent,
        {
            "server": {"port": 7},
            "history": {"url": "memory:"},
            "sources": {"tides": {"on_error": "skip", "mock": True, "module": str(plugin)}},
        },
    )
    assert trial.sections(live=True, port=7)["sources"]["tides"]["mock"] is False


def test_an_installed_plugin_is_tried_by_its_name():
    trial = Trial("agents")
    assert trial.folder.name == "livingmap_agents"
    assert trial.sections(live=False, port=7)["sources"] == {"agents": {"on_error": "skip", "mock": True}}


def test_what_is_no_plugin_is_said():
    with pytest.raises(
        TrialError, match=r"\./nothing\.py: neither a file ending in \.py, nor a module, nor one of"
    ):
        _ = Trial("./nothing.py").folder
