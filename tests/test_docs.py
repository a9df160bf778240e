"""The documentation is true: its examples run, its tables are complete, its links lead somewhere."""

import asyncio
import contextlib
import json
import os
import re
import shlex
import subprocess
import sys
import threading
import tomllib
import xml.etree.ElementTree as ET
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import typer
import yaml
from pydantic import BaseModel, SecretStr
from websockets.asyncio.client import connect

from livingmap import client
from livingmap.access.settings import AccountSettings, ItemRule, MapRule, PolicySettings
from livingmap.access.view import WHOLE
from livingmap.api.health import Ready
from livingmap.api.history import HistoryGap, HistoryItem, HistoryPage
from livingmap.api.models import EntityDetails
from livingmap.api.open_problems import ProblemReports
from livingmap.api.series import Series, SeriesStep
from livingmap.api.source_reports import DeadLetter, IntakeReport, SourceReport
from livingmap.api.summaries import StoryStep, Summary, SummaryType
from livingmap.api.timeline import Timeline, TimelineStep, TimelineTrouble
from livingmap.api.types import FieldWords, LayerDescription, RelationWords, StatusWords, TypeWords
from livingmap.app import LivingMap
from livingmap.cli.program import app
from livingmap.config.access import section_model
from livingmap.config.loading import load
from livingmap.config.notify import NotifyRoute
from livingmap.config.schema import schema
from livingmap.config.settings import Settings
from livingmap.core.catalogue import Catalogue
from livingmap.core.fold import Folded
from livingmap.core.freshness import Freshness
from livingmap.core.model import Drop, Event, Message, Position, Total
from livingmap.core.progress import Progress
from livingmap.core.redaction import ALWAYS
from livingmap.core.vocabulary import Vocabulary
from livingmap.errors import ConfigError
from livingmap.history.memory import MemoryHistory
from livingmap.history.writer import ALONE, REFILLED
from livingmap.plugin import Put, Reply
from livingmap.problems.reports import ProblemReport
from livingmap.sources.plugin_import import installed
from livingmap.sources.registry import load_source
from livingmap.sources.settings import SourceSettings
from livingmap.stream import catch_up, delivery, messages, replay_buffer
from livingmap.testing import SourceHarness
from livingmap_daarion_auth.account import DaarionAccount
from livingmap_daarion_auth.policy import PdpSettings
from livingmap_daarion_auth.settings import DaarionSettings
from livingmap_mock.plugin import MockSettings
from scripts.licences import licence, npm_packages, python_packages
from tests.stream.conftest import served
from tests.support.maps import FAMILIES, poll, snapshot
from tests.support.nats_server import NatsServer, until

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
GUIDE = ROOT / "docs" / "writing-a-plugin.md"
SETTINGS = ROOT / "docs" / "configuration.md"
API = ROOT / "docs" / "api.md"
CLIENT = ROOT / "docs" / "python-client.md"
OPERATIONS = ROOT / "docs" / "operations.md"
DEPLOYMENT = ROOT / "docs" / "deployment.md"
PAGES = [
    README,
    ROOT / "README.uk.md",
    *sorted((ROOT / "docs").glob("*.md")),
    *(ROOT / f"{name}.md" for name in ("CONTRIBUTING", "CHANGELOG", "SECURITY")),
]

TRIED = {"check", "probe", "new", "record", "replay"}
"""The commands that the first steps show with what they print."""

_FENCE = re.compile(r'^```(\w*)(?: title="([^"]+)")?\n(.*?)^```$', re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


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


def titled(page: Path, title: str) -> str:
    [text] = [block.text for block in blocks(page) if block.title == title]
    return text


def prose(page: Path) -> str:
    return _FENCE.sub("", text_of(page))


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
    clean["HYPOTHESIS_STORAGE_DIRECTORY"] = str(
        ROOT / ".hypothesis"
    )  # where its table of all characters is already
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
    harness = SourceHarness(source, lambda request: Reply(rows) if request.path == "/stations" else None)
    await harness.poll()
    assert dict(harness.items("weather")) == {
        "station:oslo": {"name": "Oslo", "status": "online"},
        "station:lviv": {"name": "Львів", "status": "degraded"},
    }
    changes = await harness.send("weather.reading.oslo", {"station": "oslo", "celsius": -3.5})
    assert changes == [Put("weather", "station:oslo", {"celsius": -3.5})]
    assert await harness.send("weather.reading.rome", {"station": "rome", "celsius": 9}) == []


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
        elif command.split()[1] in TRIED:
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


def test_a_fault_of_the_environment_is_told_as_shown(monkeypatch):
    monkeypatch.setenv("LIVINGMAP_SERVER__PORT", "70000")
    with pytest.raises(ConfigError) as caught:
        load(ROOT / "config" / "demo.yaml")
    assert caught.value.lines() == titled(SETTINGS, "from-environment.txt").splitlines()


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
    there = {entity.id for entity in Catalogue(demo.fold.scene).entities()}
    for page in (README, API):
        shown = "".join(block.text for block in blocks(page) if block.language in ("console", "json"))
        ids = set(re.findall(r'"((?:agent|city|dao|microdao|node):[^"…]+)"', shown))
        assert ids
        assert ids <= there


@contextlib.asynccontextmanager
async def script(title: str, living: LivingMap, folder: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run a script of the page on the client beside a map that is served."""
    async with served(living) as address:
        file = folder / title
        file.write_text(titled(CLIENT, title).replace("127.0.0.1:7017", address))
        process = await asyncio.create_subprocess_exec(sys.executable, file, stdout=subprocess.PIPE)
        try:
            async with asyncio.timeout(120):
                yield process
        finally:
            if process.returncode is None:
                process.kill()
            await process.communicate()


async def test_the_script_that_follows_prints_what_is_shown(demo, tmp_path):
    await poll(demo)
    [printed] = [text for command, text in commands(CLIENT) if command == "python follow.py"]
    async with script("follow.py", demo, tmp_path) as process:
        lines = [await process.stdout.readline()]
        await demo.log.append(Message("agent.event.status", {"agent_id": "agent:bramwell-ledger"}))
        lines.append(await process.stdout.readline())
    assert b"".join(lines).decode().strip() == printed


async def test_the_script_that_asks_runs(demo, tmp_path):
    await poll(demo)
    await demo.log.append(Message("agent.event.status", {"agent_id": "agent:bramwell-ledger"}))
    await demo.writer.drain(5)
    async with script("ask.py", demo, tmp_path) as process:
        printed = (await process.stdout.read()).decode().splitlines()
        assert await process.wait() == 0
    assert printed[0] == "12 microDAOs"
    assert all(" is offline since 20" in line for line in printed[1:-1])
    assert printed[-1].endswith(" agent.event.status")


def test_every_part_of_the_client_is_told():
    for name in client.__all__:
        assert re.search(rf"`{name}[`(]", text_of(CLIENT)), name


async def test_a_snapshots_cursor_resumes_the_stream(demo):
    await poll(demo)
    cursor = (await snapshot(demo))["meta"]["cursor"]
    await demo.log.append(Message("nobody.knows", {}))
    async with (
        served(demo) as address,
        connect(f"ws://{address}/living-map/stream?cursor={cursor}", max_size=None) as socket,
        asyncio.timeout(60),
    ):
        assert json.loads(await socket.recv())["event_type"] == "nobody.knows"


@pytest.fixture
async def nats(tmp_path, monkeypatch) -> AsyncIterator[NatsServer]:
    one = NatsServer(tmp_path)
    await one.start()
    monkeypatch.setenv("LIVINGMAP_NATS__URL", one.url)
    monkeypatch.setenv("LIVINGMAP_NATS__JETSTREAM", "false")
    yield one
    await one.kill()


async def test_a_published_message_is_heard(nats, demo):
    await poll(demo)
    hearing = asyncio.create_task(demo.intakes[0].run())
    await until(lambda: demo.intakes[0].status.connected)
    await publish_as_shown(OPERATIONS, nats, ROOT)
    agents = demo.fold.scene.items("agents", "items")
    await until(lambda: agents["agent:bramwell-ledger"]["status"] == "busy")
    hearing.cancel()
    await asyncio.gather(hearing, return_exceptions=True)


async def test_a_message_of_the_guide_is_published(nats, package):
    await publish_as_shown(GUIDE, nats, package)


async def publish_as_shown(page, nats, folder):
    [(command, printed)] = [one for one in commands(page) if one[0].startswith("livingmap publish")]
    arguments = shlex.split(command)[1:]
    said = await asyncio.to_thread(livingmap, *arguments, folder=folder, LIVINGMAP_NATS__URL=nats.url)
    assert said == printed


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
    if model.model_fields[name].is_required():
        return "needed"
    match value:
        case None:
            return "\N{EN DASH}"
        case BaseModel():
            return "see below"
        case frozenset() | tuple():
            return f"`{json.dumps(list(value))}`"
        case SecretStr():
            return f"`{value.get_secret_value()}`"
        case str():
            return f"`{value}`"
    return f"`{json.dumps(value)}`"


@pytest.mark.parametrize("section", Settings.model_fields)
def test_every_setting_of_the_host_stands_with_its_default(section):
    model = {"mock": MockSettings}.get(section, Settings.model_fields[section].annotation)
    if section not in ("sources", "same_as"):
        shown = settings_table(f"`{section}`")
        assert {name: shown.get(name) for name in model.model_fields} == {
            name: default_of(model, name) for name in model.model_fields
        }


@pytest.mark.parametrize(
    ("heading", "model"),
    {
        "`auth.authenticator`": DaarionSettings,
        "`auth.account`": section_model(AccountSettings, DaarionAccount),
        "`auth.pdp`": section_model(PolicySettings, PdpSettings),
        "Routes of notifications": NotifyRoute,
        "Rules over the map": MapRule,
        "Rules over items": ItemRule,
    }.items(),
)
def test_every_setting_of_access_stands_with_its_default(heading, model):
    shown = settings_table(heading)
    assert {name: shown.get(name) for name in model.model_fields} == {
        name: default_of(model, name) for name in model.model_fields
    }


def test_what_nobody_gets_is_told():
    assert ", ".join(f"`{name}`" for name in sorted(ALWAYS)) in text_of(SETTINGS)


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
    for path, operations in demo.http.openapi()["paths"].items():
        method = next(iter(operations)).upper()
        assert f"`{method} {path}`" in told or path.startswith("/living-map/health/") or path == "/", path
    assert "`WS /living-map/stream`" in told


_DESCRIBED = {
    "/living-map/diff": "Difference",
    "/living-map/entities/{entity_id}": "One entity",
    "/living-map/snapshot": "Snapshot",
    "/living-map/entities": "Entities",
    "/living-map/history": "History",
    "/living-map/timeline": "Timeline",
    "/living-map/series": "Series of a number",
    "/living-map/totals": "Totals of a number",
    "/living-map/problems": "Problems",
    "/living-map/events": "Stream",
}


async def test_every_parameter_is_told(demo):
    for path, methods in demo.http.openapi()["paths"].items():
        parameters = [one for method in methods.values() for one in method.get("parameters", [])]
        given = [one["name"] for one in parameters if one["in"] == "query"]
        shown = {cells[0].strip("`") for cells in table(API, _DESCRIBED[path])} if given else set()
        assert set(given) <= shown, path
    assert "`Last-Event-ID`" in text_of(API)


def test_every_field_of_an_answer_is_told():
    for model in (
        EntityDetails,
        ProblemReport,
        ProblemReports,
        SourceReport,
        IntakeReport,
        DeadLetter,
        HistoryItem,
        HistoryGap,
        HistoryPage,
        Timeline,
        TimelineStep,
        Summary,
        SummaryType,
        StoryStep,
        TimelineTrouble,
        Series,
        SeriesStep,
        LayerDescription,
        Ready,
        TypeWords,
        FieldWords,
        RelationWords,
        StatusWords,
    ):
        for name in (field.alias or name for name, field in model.model_fields.items()):
            assert f'"{name}"' in text_of(API) or f"`{name}`" in text_of(API), name


def test_every_status_is_told():
    for status in Freshness:
        assert f"| `{status}` |" in text_of(API)
        assert f"| `{status}` |" in text_of(OPERATIONS)


def test_every_type_stands_with_its_home():
    shown = {cells[0].strip("`"): cells[1] for cells in table(API, "Entities")}
    homes = Vocabulary(load_source(name, None, ROOT) for name in (*FAMILIES, "registry")).homes
    assert {kind: shown.get(kind) for kind in homes} == {kind: f"`{home}`" for kind, home in homes.items()}


def test_every_error_code_is_one_of_the_program():
    code = "".join(file.read_text() for file in sorted((ROOT / "livingmap").glob("*/*.py")))
    known = set(re.findall(r'"([a-z]+_[a-z_]+)"', code)) | {
        "not_found",
        "method_not_allowed",
        "unauthenticated",
        "forbidden",
    }
    shown = {cells[1].strip("`") for cells in table(API, "Errors") if cells[0].isdecimal()}
    assert "unknown_entity" in shown
    assert shown <= known


def test_every_code_of_the_program_is_told():
    code = {file: file.read_text() for file in (ROOT / "livingmap").rglob("*.py")}
    raised = re.findall(
        r'(?:ProblemError\(\s*[\w.]+,|messages\.error\(|Reason\(|code=)\s*"([a-z_]+)"', "".join(code.values())
    )
    assert {"unknown_entity", "history_unavailable", "internal_error", "no_json"} <= set(raised)
    for one in raised:
        assert f"`{one}`" in text_of(API), one


def shown_messages() -> list[dict]:
    """Return the messages of the stream that are shown."""
    return [shown for block in blocks(API, "json") if "kind" in (shown := json.loads(block.text))]


def test_messages_of_the_stream_are_shown_as_they_are():
    now = datetime(2026, 1, 2, tzinfo=UTC)
    put = Put("agents", "agent:a", {"x": 1})
    folded = Folded(Event(Position("e", 1), "a.b", {}, now), (put, Drop("agents", "agent:a"), Total("city")))
    sent = [
        messages.event(folded, "c", WHOLE),
        messages.conflated([put], 2, "c"),
        messages.snapshot(b"{}", messages.SnapshotReason.CONNECT, "c", now),
        messages.heartbeat("c", now, Progress(Position("e", 1))),
        messages.restarting(500),
        messages.error("no_json", "?"),
    ]
    real = {message["kind"]: message for message in map(json.loads, sent)}
    told = {cells[0].strip("`"): " ".join(cells) for cells in table(API, "Stream")}
    for kind, message in real.items():
        for name in message.keys() - {"kind", "cursor"}:
            assert f"`{name}`" in told[kind], (kind, name)
    for shown in shown_messages():
        if shown["kind"] in real:
            assert shown.keys() == real[shown["kind"]].keys()
    ops = {change["op"]: change.keys() for change in real["event"]["changes"]}
    for change in [change for shown in shown_messages() for change in shown.get("changes", [])]:
        assert change.keys() == ops[change["op"]]
    assert ops.keys() <= told.keys()


async def test_what_a_client_may_say_is_understood(demo):
    [said] = [shown for shown in shown_messages() if shown["kind"] == "layers"]
    async with (
        served(demo) as address,
        connect(f"ws://{address}/living-map/stream", max_size=None) as socket,
        asyncio.timeout(60),
    ):
        await socket.recv()
        await socket.send(json.dumps(said))
        assert list(json.loads(await socket.recv())["payload"]["layers"]) == said["layers"]


def test_every_reason_for_a_snapshot_is_told():
    told = {cells[0].strip("`") for cells in table(API, "Cursors")} - {"reason"}
    assert told == {reason.value for reason in messages.SnapshotReason}


def test_bounds_are_told_as_they_are():
    assert f"the last {replay_buffer.MOST_EVENTS:,} are" in text_of(API)
    assert f"more than {replay_buffer.MOST_CHANGES:,} changes" in text_of(API)
    assert f"up to {catch_up.MOST_EVENTS:,} events" in text_of(API)
    assert f"more than {delivery.MOST_UNSENT_BYTES // 1024} KiB wait" in text_of(API)
    assert f"changes, or {replay_buffer.MOST_BYTES // 1024**2} MiB)" in text_of(API)
    for entries, most_bytes in (ALONE, REFILLED):
        assert f"{entries:,} entries, or {most_bytes // 1024**2} MiB, wait" in text_of(OPERATIONS)
    [entries] = MemoryHistory.__init__.__defaults__
    assert f"the last {entries:,} entries" in text_of(OPERATIONS)
    assert f"the last {entries:,} entries" in text_of(SETTINGS)


def test_every_line_of_the_log_is_told():
    told = " ".join(cells[0] for cells in table(OPERATIONS, "Logs"))
    for file in (ROOT / "livingmap").rglob("*.py"):
        for line in re.findall(r'(?:_logger\.\w+|\btell)\(\s*"([^"]+)"', file.read_text()):
            assert f"`{line}`" in told, line


def test_every_command_and_its_options_are_told():
    whole = typer.main.get_command(app)
    groups = {name: command for name, command in whole.commands.items() if hasattr(command, "commands")}
    for name in whole.commands.keys() - groups.keys():
        [row] = [cells for cells in table(README, "Command line") if cells[0].startswith(f"`livingmap {name}")]
        for option in whole.commands[name].params:
            if option.opts[0].startswith("--") and option.name not in {"config", "url", "token", "token_file"}:
                assert option.opts[0] in row[0], (name, option.opts)
    for name, group in groups.items():
        for command in group.commands:
            assert f"| `livingmap {name} {command}" in text_of(README)


def test_every_variable_of_compose_is_told():
    compose = text_of(ROOT / "docker-compose.phase9.yml")
    defaults = dict(re.findall(r"\$\{(\w+):-([^}]*)\}", compose))
    shown = {cells[0].strip("`"): cells[1].strip("`") for cells in table(DEPLOYMENT, "Containers")}
    assert {name: shown.get(name) for name in defaults} == defaults
    services = yaml.safe_load(compose)["services"]
    assert services["living-map-service"]["env_file"] == [{"path": "livingmap.env", "required": False}]
    for script in (ROOT / "scripts").glob("*-phase9.sh"):
        assert f"`scripts/{script.name}`" in text_of(DEPLOYMENT)


def test_every_folder_is_told():
    tree = next(block.text for block in blocks(README, "text") if "plugin.py" in block.text)
    rooms = [file.name for file in (ROOT / "livingmap").iterdir() if (file / "__init__.py").is_file()]
    for name in (*rooms, "plugins", "migrations", "config", "docs", "scripts", "tests"):
        assert re.search(rf"^ *{name}/ ", tree, flags=re.MULTILINE), name


# form


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_nothing_is_left_to_be_told(page):
    assert "<!--" not in text_of(page)


def test_every_library_stands_with_its_licence():
    """After a change of the lock files scripts/licences.py writes the page again."""
    page = ROOT / "docs" / "licences.md"
    rows = {(name, text) for section in ("Python", "The page") for name, text in table(page, section)[1:]}
    installed = {(name, text) for name in python_packages() if (text := licence(name))}
    assert installed | set(npm_packages()) <= rows
    assert {name for name, _ in rows} <= {*python_packages(), *(name for name, _ in npm_packages())}


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
    assert languages - {"nginx"} <= {
        "console",
        "http",
        "js",
        "json",
        "markdown",
        "python",
        "sh",
        "text",
        "toml",
        "tsx",
        "yaml",
    }


@pytest.mark.parametrize("picture", sorted((ROOT / "docs").glob("*.svg")), ids=lambda file: file.stem)
def test_pictures_tell_what_they_show(picture):
    root = ET.fromstring(text_of(picture))
    names = {element.tag.rpartition("}")[2] for element in root}
    assert {"title", "desc"} <= names
    assert "prefers-color-scheme: dark" in text_of(picture)
