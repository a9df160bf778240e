"""The documentation is true: its examples run, its tables are complete, its links lead somewhere.

A marker such as ``<!-- stream -->`` says that a page does not tell of that yet: what belongs to it is not looked
for there until the marker is replaced.
"""

import json
import os
import re
import subprocess
import sys
import threading
import tomllib
import xml.etree.ElementTree as ET
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from pydantic import BaseModel, SecretStr

from livingmap.api.models import EntityDetails, NatsReport, SourceReport
from livingmap.app import LivingMap
from livingmap.cli import app, config_app
from livingmap.config import Settings, load, schema
from livingmap.core.view import HOMES, entities
from livingmap.errors import ConfigError
from livingmap.history.memory import MemoryHistory
from livingmap.plugin import Put, Reply
from livingmap.sources.poll import Freshness
from livingmap.sources.registry import installed, load_source
from livingmap.sources.settings import SourceSettings
from livingmap.testing import Stage
from livingmap_mock.plugin import MockSettings

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
GUIDE = ROOT / "docs" / "writing-a-plugin.md"
SETTINGS = ROOT / "docs" / "configuration.md"
API = ROOT / "docs" / "api.md"
OPERATIONS = ROOT / "docs" / "operations.md"
PAGES = [README, *sorted((ROOT / "docs").glob("*.md")), ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"]

_FENCE = re.compile(r'^```(\w*)(?: title="([^"]+)")?\n(.*?)^```$', re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_MARKER = re.compile(r"<!-- (\w+) -->")
_MARKED_COMMANDS = {"tail": "stream", "history": "history", "migrate": "history", "publish": "nats"}
_MARKED_PATHS = {"/living-map/history": "history", "/living-map/events": "stream"}


@dataclass(frozen=True)
class Block:
    """A fenced block of a page."""

    language: str
    title: str
    text: str


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def blocks(page: Path, language: str | None = None) -> list[Block]:
    found = [Block(*match.groups(default="")) for match in _FENCE.finditer(text_of(page))]
    return [block for block in found if language in (None, block.language)]


def prose(page: Path) -> str:
    return _FENCE.sub("", text_of(page))


def markers(page: Path) -> set[str]:
    return set(_MARKER.findall(text_of(page)))


def commands(page: Path) -> list[tuple[str, str]]:
    """Return the commands of a page's console blocks, each with what it prints."""
    found = []
    for block in blocks(page, "console"):
        for part in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
            command, _, printed = part.partition("\n")
            found.append((command, printed.strip()))
    return found


def unpack(page: Path, folder: Path) -> Path:
    """Write the files of a page."""
    for block in blocks(page):
        if block.title:
            file = folder / block.title
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(block.text, encoding="utf-8")
    return folder


def run(*arguments: str, folder: Path, **variables: str) -> str:
    """Run Python in ``folder`` as a user would, and return what it printed."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("LIVINGMAP_")}
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**clean, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1", **variables},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip()


def livingmap(*arguments: str, folder: Path, **variables: str) -> str:
    return run("-c", "from livingmap.cli import main; main()", *arguments, folder=folder, **variables)


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture
def file_service(tmp_path) -> Iterator[str]:
    """Serve ``tmp_path`` as `python3 -m http.server` does; give the address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(tmp_path))) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


@pytest.fixture
async def demo() -> AsyncIterator[LivingMap]:
    """The map of config/demo.yaml, not polled."""
    living = LivingMap(load(ROOT / "config" / "demo.yaml"), MemoryHistory())
    yield living
    await living.close()


@pytest.fixture
def package(tmp_path) -> Iterator[Path]:
    """The guide's package, as good as installed: its files and its entry point."""
    folder = unpack(GUIDE, tmp_path)
    project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    about = folder / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    )
    lines = []
    for group, entries in project["entry-points"].items():
        lines += [f"[{group}]", *(f"{name} = {value}" for name, value in entries.items())]
    (about / "entry_points.txt").write_text("\n".join(lines) + "\n")
    yield folder
    for name in [name for name in sys.modules if name.startswith("livingmap_power")]:
        del sys.modules[name]


# the examples


async def test_the_plugin_of_the_readme_is_loaded_and_polled_and_folds_an_event(tmp_path):
    [(source, settings)] = load(unpack(README, tmp_path) / "livingmap.yaml").enabled()
    assert (source.service, settings.base_url) == ("weather-service", "http://127.0.0.1:8080")
    rows = [{"id": "oslo", "name": "Oslo", "state": "ok"}, {"id": "lviv", "name": "Львів", "state": "warning"}]
    stage = Stage(source, lambda request: Reply(rows) if request.path == "/stations" else None)
    await stage.poll()
    assert dict(stage.items("weather")) == {
        "station:oslo": {"name": "Oslo", "status": "online"},
        "station:lviv": {"name": "Львів", "status": "degraded"},
    }
    changes = await stage.send("weather.reading.oslo", {"station": "oslo", "celsius": -3.5})
    assert changes == [Put("weather", "station:oslo", {"celsius": -3.5})]
    assert await stage.send("weather.reading.rome", {"station": "rome", "celsius": 9}) == []


@pytest.mark.parametrize("page", [README, GUIDE], ids=lambda page: page.stem)
def test_the_first_steps_print_what_is_shown(page, tmp_path, file_service):
    unpack(page, tmp_path)
    told = re.search(r"base_url: (\S+)", (tmp_path / "livingmap.yaml").read_text())
    assert told
    name = next(iter(load(tmp_path / "livingmap.yaml").enabled()))[0].name.upper()
    tried = 0
    for command, printed in commands(page):
        if command.startswith("echo"):
            subprocess.run(["sh", "-c", command], cwd=tmp_path, check=True)
        elif command.startswith("livingmap") and "--config" not in command:
            variable = {f"LIVINGMAP_SOURCES__{name}__BASE_URL": file_service}
            said = livingmap(*command.split()[1:], folder=tmp_path, **variable)
            assert said.replace(file_service, told[1]) == printed
            tried += 1
    assert tried


def test_check_prints_what_is_shown():
    [shown] = [printed for command, printed in commands(SETTINGS) if command.startswith("livingmap check")]
    assert livingmap("check", "--config", "config/livingmap.yaml", folder=ROOT) == shown


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_loose_python_runs(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for block in blocks(page, "python"):
        compiled = compile(block.text, f"{page.name}: {block.title}", "exec")
        if not block.title:
            exec(compiled, {"__name__": "example"})


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_yaml_loads(page, tmp_path, package, monkeypatch):
    monkeypatch.syspath_prepend(package)
    unpack(page, tmp_path)
    for number, block in enumerate(blocks(page, "yaml")):
        file = tmp_path / (block.title or f"{number}.yaml")
        file.write_text(block.text)
        if block.title == "bad.yaml":
            with pytest.raises(ConfigError):
                load(file)
        else:
            assert load(file).enabled()


def test_faults_are_told_as_shown(tmp_path, monkeypatch):
    monkeypatch.chdir(unpack(SETTINGS, tmp_path))
    with pytest.raises(ConfigError) as caught:
        load(Path("bad.yaml"))
    assert caught.value.lines() == Path("bad.txt").read_text().splitlines()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_json_is_json(page):
    for block in blocks(page, "json"):
        for text in block.text.splitlines() if block.title.endswith(".jsonl") else [block.text]:
            json.loads(text)


def test_the_tests_of_the_guide_pass(package):
    said = run("-m", "pytest", "-q", "-p", "no:cacheprovider", folder=package)
    assert re.search(r"\b\d+ passed", said)
    assert "skipped" not in said


def test_the_package_of_the_guide_is_found_by_its_entry_point(package):
    assert "livingmap-power 0.1.0" in livingmap("plugins", folder=package, COLUMNS="200")
    assert "power: power-service, mock" in livingmap("check", "--config", "power.yaml", folder=package)
    said = livingmap("snapshot", "--config", "power.yaml", "--layers", "power", folder=package)
    [first, *_] = json.loads(said)["layers"]["power"]["meters"]
    assert (first["id"], first["node_id"], first["watts"]) == ("meter:rack-a", "node:gpu-1", 412.5)


def test_the_pyproject_of_the_guide_fits_its_files(package):
    whole = tomllib.loads((package / "pyproject.toml").read_text())
    [module] = whole["project"]["entry-points"]["livingmap.plugins"].values()
    assert (package / f"{module.replace('.', '/')}.py").is_file()
    assert (package / whole["project"]["readme"]).is_file()
    assert whole["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"] == [module.partition(".")[0]]


async def test_what_is_shown_is_on_the_map_of_the_demo(demo):
    for poller in demo.pollers.values():
        await poller.poll()
    there = {entity.id for entity in entities(demo.fold.scene)}
    for page in (README, API):
        shown = "".join(block.text for block in blocks(page) if block.language in ("console", "json"))
        ids = set(re.findall(r'"((?:agent|city|dao|microdao|node):[^"…]+)"', shown))
        assert ids
        assert ids <= there


# completeness


def table(page: Path, heading: str) -> list[list[str]]:
    """Return the cells of the tables below a heading, row by row."""
    part = re.split(rf"^#+ {re.escape(heading)}$", text_of(page), flags=re.MULTILINE)
    assert len(part) == 2, f"{page.name} has no heading {heading!r}"
    below = re.split(r"^#+ ", part[1], maxsplit=1, flags=re.MULTILINE)[0].splitlines()
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in below if line.startswith("| ")]


def settings_table(heading: str) -> dict[str, str]:
    """Return the defaults of the settings below a heading."""
    return {cells[0].strip("`"): cells[1] for cells in table(SETTINGS, heading)}


def default_of(model: type[BaseModel], name: str) -> str:
    value = model.model_fields[name].get_default(call_default_factory=True)
    match value:
        case None:
            return "\N{EN DASH}"
        case SecretStr():
            return f"`{value.get_secret_value()}`"
        case str():
            return f"`{value}`"
    return f"`{json.dumps(value)}`"


@pytest.mark.parametrize("section", Settings.model_fields)
def test_every_setting_of_the_host_stands_with_its_default(section):
    model = {"mock": MockSettings}.get(section, Settings.model_fields[section].annotation)
    if section != "sources":
        shown = settings_table(f"`{section}`")
        assert {name: shown.get(name) for name in model.model_fields} == {
            name: default_of(model, name) for name in model.model_fields
        }


def test_every_setting_of_all_sources_stands_with_its_default():
    shown = settings_table("Settings that every source has")
    for name, info in SourceSettings.model_fields.items():
        expected = "each plugin's own" if info.is_required() else default_of(SourceSettings, name)
        assert shown.get(name) == expected, name


@pytest.mark.parametrize("source", installed())
def test_every_setting_of_a_plugin_stands_with_its_default(source):
    model = load_source(source, None, ROOT).settings
    common = SourceSettings.model_fields
    own = [name for name in model.model_fields if name not in common or model.model_fields[name] != common[name]]
    one = [cells for cells in table(SETTINGS, "Settings of one source") if cells[0] == f"`{source}`"]
    shown = {cells[1].strip("`"): cells[2] for cells in one}
    differing = {name: default_of(model, name) for name in own}
    for name in set(differing) & set(common):
        if not common[name].is_required() and default_of(SourceSettings, name) == differing[name]:
            del differing[name]  # its docstring alone differs
    assert shown == differing


def test_the_schema_is_that_of_the_program():
    committed = json.loads(text_of(ROOT / "docs" / "config.schema.json"))
    assert committed == schema(load(ROOT / "config" / "livingmap.yaml")), (
        "livingmap config schema -c config/livingmap.yaml > docs/config.schema.json"
    )


@pytest.mark.parametrize("page", [README, API], ids=lambda page: page.stem)
async def test_every_path_is_told(page, demo):
    told = text_of(page).replace("{id}", "{entity_id}").replace("`/ready`", "`/living-map/health/ready`")
    for path in demo.http.openapi()["paths"]:
        if _MARKED_PATHS.get(path) not in markers(page):
            assert path in told, path


async def test_every_parameter_is_told(demo):
    for path, methods in demo.http.openapi()["paths"].items():
        for parameter in methods["get"].get("parameters", []):
            if _MARKED_PATHS.get(path) not in markers(API):
                assert f"`{parameter['name']}`" in text_of(API) or parameter["in"] == "path", (path, parameter)


def test_every_field_of_an_answer_is_told():
    models = [EntityDetails, SourceReport] + ([] if "nats" in markers(API) else [NatsReport])
    for model in models:
        for name in model.model_fields:
            assert f'"{name}"' in text_of(API) or f"`{name}`" in text_of(API), name


def test_every_status_is_told():
    for status in Freshness:
        assert f"| `{status}` |" in text_of(API)
        assert f"| `{status}` |" in text_of(OPERATIONS)


def test_every_type_stands_with_its_home():
    shown = {cells[0].strip("`"): cells[1] for cells in table(API, "Entities")}
    assert {kind: shown.get(kind) for kind in HOMES} == {kind: f"`{home}`" for kind, home in HOMES.items()}


def test_every_error_code_is_one_of_the_program():
    code = "".join(file.read_text() for file in sorted((ROOT / "livingmap").glob("*/*.py")))
    known = set(re.findall(r'"([a-z]+_[a-z_]+)"', code)) | {"not_found", "method_not_allowed"}
    shown = {cells[1].strip("`") for cells in table(API, "Errors") if cells[0].isdecimal()}
    assert "unknown_entity" in shown
    assert shown <= known


def test_every_command_is_told():
    names = [command.callback.__name__ for command in app.registered_commands]
    names += [f"config {command.name}" for command in config_app.registered_commands]
    for name in names:
        if _MARKED_COMMANDS.get(name) not in markers(README):
            assert f"| `livingmap {name}" in text_of(README), name


# form


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_lead_somewhere(page):
    for link in _LINK.findall(prose(page)):
        target, _, anchor = link.partition("#")
        if "://" in target:
            continue
        file = (page.parent / target).resolve() if target else page
        assert file.exists(), link
        if anchor:
            headings = re.findall(r"^#+ (.+)$", prose(file), flags=re.MULTILINE)
            assert anchor in [re.sub(r"[^\w -]", "", one.lower()).replace(" ", "-") for one in headings], link


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_fences_close_and_name_their_language(page):
    assert text_of(page).count("```") == 2 * len(blocks(page))
    languages = {block.language for block in blocks(page)}
    assert languages <= {"console", "json", "markdown", "python", "sh", "text", "toml", "yaml"}


@pytest.mark.parametrize("picture", sorted((ROOT / "docs").glob("*.svg")), ids=lambda file: file.stem)
def test_pictures_tell_what_they_show(picture):
    root = ET.fromstring(text_of(picture))
    names = {element.tag.rpartition("}")[2] for element in root}
    assert {"title", "desc"} <= names
    assert "prefers-color-scheme: dark" in text_of(picture)
