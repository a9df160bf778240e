"""The command line as a user meets it: real processes."""

import asyncio
import contextlib
import itertools
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from livingmap.cli import run_folder
from livingmap.cli.past import _summary
from livingmap.cli.watch import _line
from livingmap.client import EventTexts
from tests.support import program
from tests.support.namespaces import NoNamespaces, in_namespaces
from tests.support.nats_server import NatsServer
from tests.support.ports import free_port
from tests.support.raw_server import sending
from tests.support.running import wait_until

ROOT = Path(__file__).parents[1]
LIVINGMAP = Path(sys.executable).parent / "livingmap"
_numbers = itertools.count()


HEALTH = """
import sys
from livingmap.cli import main

sys.argv = ["livingmap", "health"]
try:
    main()
except SystemExit as end:
    print(end.code, "pydantic" in sys.modules)
"""

IMPORTED = """
import sys
from livingmap.cli import main

try:
    main()
except SystemExit:
    print(*sys.modules)
"""


def run(*arguments, folder=ROOT, **environment):
    return program.run(*arguments, folder=folder, environment={**os.environ, "COLUMNS": "200", **environment})


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """Write a small mocked map and return its path."""
    file = tmp_path_factory.mktemp("demo") / "demo.yaml"
    names = ("agents", "microdao", "space", "city")
    head = "server: {port: 0}\nhistory: {url: 'memory:'}\nmock: {agents: 20, events_per_second: 50}\nsources:\n"
    file.write_text(head + "".join(f"  {name}: {{mock: true, interval_seconds: 3600}}\n" for name in names))
    return str(file)


@contextlib.contextmanager
def served(file):
    """Serve a map; give its process, its address and the file of its log."""
    log = Path(file).with_suffix(f".{next(_numbers)}.log")
    with log.open("wb") as output:
        process = subprocess.Popen(
            [LIVINGMAP, "serve", "--config", file],
            stderr=output,
            env={**os.environ, "LIVINGMAP_LOGGING__FORMAT": "json", "XDG_RUNTIME_DIR": str(log.parent)},
        )
    try:
        wait_until(lambda: addresses(log))
        yield process, addresses(log)[0], log
    finally:
        process.terminate()
        process.wait(100)


def addresses(log):
    """Return the addresses that a log names in whole lines."""
    lines = [json.loads(line) for line in log.read_text().splitlines(keepends=True) if line.endswith("\n")]
    return [line["url"] for line in lines if "url" in line]


@pytest.fixture(scope="module")
def url(demo):
    """Serve the small map for all tests that only read it, and return its address."""
    with served(demo) as (_, address, _):
        yield address


def test_version_and_help():
    version = subprocess.run([LIVINGMAP, "--version"], capture_output=True, text=True, timeout=60, check=True)
    assert version.stdout.startswith("livingmap 1.")
    shown = run("--help").stdout
    for command in ("serve", "check", "probe", "plugins", "snapshot", "config", "tail", "publish"):
        assert command in shown


@pytest.mark.parametrize(
    ("command", "spared"),
    [
        ("--version", {"fastapi", "pydantic", "structlog", "httpx", "asyncpg", "nats", "opentelemetry"}),
        ("top --once", {"fastapi", "structlog", "httpx", "asyncpg", "nats", "opentelemetry"}),
        ("problems", {"fastapi", "asyncpg", "nats", "opentelemetry"}),
        ("check -c config/demo.yaml", {"fastapi", "httpx", "asyncpg", "nats", "opentelemetry"}),
    ],
)
def test_a_command_imports_what_it_needs(command, spared):
    environment = {**os.environ, "LIVINGMAP_URL": f"http://127.0.0.1:{free_port()}"}
    program = [sys.executable, "-c", IMPORTED, *command.split()]
    done = subprocess.run(
        program, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=True
    )
    imported = set(done.stdout.splitlines()[-1].split())
    assert spared & imported == set()
    assert {"typer", "livingmap"} <= imported


def test_check_passes_what_is_shipped_without_the_network():
    for file in ("config/demo.yaml", "config/livingmap.yaml"):
        done = run("check", "--config", file)
        assert (done.returncode, done.stderr) == (0, "")
        assert f"{file}: ok" in done.stdout
        assert "no samples" not in done.stdout


def test_check_says_who_fills_what():
    shown = run("check", "-c", "config/demo.yaml").stdout
    assert "agents.items: agents, usage, city" in shown
    assert "city: city-service, mock" in shown


def test_check_names_file_line_and_path_of_each_fault(tmp_path):
    file = tmp_path / "bad.yaml"
    file.write_text("sources:\n  citi:\n  agents: {retries: x}\n")
    done = run("check", "--config", str(file))
    assert done.returncode == 1
    assert [line.split(": ")[:2] for line in done.stderr.splitlines()] == [
        [f"{file}:2", "sources.citi"],
        [f"{file}:3", "sources.agents.retries"],
    ]


def test_without_a_configuration_it_says_what_to_do(tmp_path):
    done = run("serve", folder=tmp_path)
    assert (done.returncode, "LIVINGMAP_CONFIG" in done.stderr) == (1, True)


def test_the_environment_alone_is_a_configuration(tmp_path):
    done = run("check", folder=tmp_path, LIVINGMAP_SOURCES__AGENTS__MOCK="true")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "agents: agents-service, mock",
        "access: none: everybody who can reach the map can read everything",
        "environment: ok",
    ]


def test_plugins_are_listed_with_their_distribution():
    shown = run("plugins").stdout
    assert "livingmap_city.plugin" in shown
    assert "livingmap_mock.plugin" in shown


def test_the_sources_of_a_configuration_are_listed_with_their_grades(tmp_path):
    (tmp_path / "odd.py").write_text(ODD)
    file = tmp_path / "odd.yaml"
    file.write_text("sources: {odd: {module: ./odd.py, base_url: 'http://a'}, dao: {enabled: false}}")
    lines = run("plugins", "-c", str(file)).stdout.splitlines()
    assert [line.split() for line in lines[:3]] == [
        ["source", "grade", "plugin"],
        ["odd", "bronze", "./odd.py"],
        ["dao", "disabled", "dao"],
    ]
    assert lines[3:] == ["odd lacks samples of answers"]


def test_snapshot_asks_once_and_prints_json(demo):
    whole = json.loads(run("snapshot", "--config", demo).stdout)
    assert len(whole["layers"]["agents"]["items"]) == 20
    few = json.loads(run("snapshot", "--config", demo, "--layers", "city", "--compact").stdout)
    assert list(few["layers"]) == ["city"]
    wrong = run("snapshot", "--config", demo, "--layers", "sky")
    assert (wrong.returncode, "no such layer: sky" in wrong.stderr) == (1, True)


def test_probe_notes_a_field_that_no_row_has(tmp_path):
    file = tmp_path / "map.yaml"
    fields = "{name: title, cpu: metrics.cpu}"
    file.write_text(
        "sources: {http: {base_url: http://w, mock: true, lists: [{path: /stations, rows: stations, "
        f"layer: weather, type: station, id: id, fields: {fields}}}]}}}}\n"
    )
    done = run("probe", "--config", str(file))
    assert "  note: /stations: cpu: metrics.cpu finds nothing in any of 2 rows\n" in done.stdout
    assert done.returncode == 0


def test_probe_shows_what_came_and_fails_where_nobody_answers(demo):
    good = run("probe", "--config", demo)
    assert good.returncode == 0
    assert "agents.items: 20 items" in good.stdout
    assert "agents (agents-service, mock): mock" in good.stdout
    assert "not there: /agents/metrics" in good.stdout
    dead = run(
        "probe",
        "agents",
        "-c",
        demo,
        LIVINGMAP_SOURCES__AGENTS__MOCK="0",
        LIVINGMAP_SOURCES__AGENTS__BASE_URL="http://127.0.0.1:9",
    )
    assert dead.returncode == 1
    assert "Connection refused" in dead.stdout
    unknown = run("probe", "sky", "-c", demo)
    assert (unknown.returncode, "there are: agents, microdao, space, city" in unknown.stderr) == (1, True)


def test_the_schema_is_json_schema():
    made = json.loads(run("config", "schema", "-c", "config/demo.yaml").stdout)
    assert "$schema" in made
    assert "events_per_second" in json.dumps(made)


def test_an_address_in_use_is_said(url, demo):
    done = run("serve", "-c", demo, LIVINGMAP_SERVER__PORT=url.rpartition(":")[2])
    assert done.returncode == 1
    assert "cannot listen on 127.0.0.1" in done.stderr
    assert "LIVINGMAP_SERVER__PORT" in done.stderr


def test_health_asks_the_map_wherever_it_listens_and_loads_nothing_for_it(url, demo, tmp_path):
    def health(folder):
        command = [sys.executable, "-c", HEALTH]
        environment = {**os.environ, "XDG_RUNTIME_DIR": str(folder), "LIVINGMAP_SERVER__PORT": str(free_port())}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
        return done.stdout.strip(), done.stderr

    assert health(Path(demo).parent) == (f"{url} responds\n0 False", "")  # its port is 0: it took a free one
    end, _ = health(tmp_path)
    assert "refused" in end
    assert end.endswith(" False")


async def test_health_of_what_does_not_speak_http_is_bad_in_one_line(tmp_path):
    async with sending(b"SSH-2.0-OpenSSH\r\n") as url:
        port = {"XDG_RUNTIME_DIR": str(tmp_path), "LIVINGMAP_SERVER__PORT": url.rpartition(":")[2]}
        done = await asyncio.to_thread(run, "health", **port)
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (1, "", 1)
    assert done.stderr.startswith(f"{url}: ")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_order(demo, number):
    with served(demo) as (process, url, log):
        with urllib.request.urlopen(f"{url}/living-map/health") as answer:
            assert json.load(answer)["status"] == "ok"
        process.send_signal(number)
        assert process.wait(100) == 0
    assert "the map has stopped" in log.read_text()


def test_the_demo_lives(url):
    seqs = set()
    deadline = time.monotonic() + 20
    while len(seqs) < 3 and time.monotonic() < deadline:
        with urllib.request.urlopen(f"{url}/living-map/snapshot") as answer:
            seqs.add(json.load(answer)["meta"]["cursor"])
    assert len(seqs) == 3


def test_tail_shows_the_snapshot_and_the_events(url):
    process = subprocess.Popen(
        [LIVINGMAP, "tail", "--url", url, "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    kinds = []
    while kinds.count("event") < 4:
        kinds.append(json.loads(process.stdout.readline())["kind"])
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=100)
    assert (kinds[0], set(kinds[1:]) - {"heartbeat"}) == ("snapshot", {"event"})


INTERRUPTED = """
import os
import signal

from websockets.asyncio.connection import Connection

from livingmap.cli import main

received = Connection.data_received
signals = [signal.SIGINT]


def interrupted(self, data):
    if signals:
        os.kill(os.getpid(), signals.pop())
    received(self, data)


Connection.data_received = interrupted
main()
"""


def test_tail_ends_by_a_signal_that_comes_while_it_is_reading(url):
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED, "tail", "--url", url],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert (done.returncode, done.stderr) == (130, "")


def test_tail_ends_quietly_when_nobody_reads_on(url):
    done = subprocess.run(
        f"{LIVINGMAP} tail --url {url} | head -n 1",
        shell=True,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert "snapshot (connect)" in done.stdout
    assert done.stderr == ""


def listed_problems(url):
    listed = run("problems", "--url", url, "--json")
    assert listed.returncode == 0, listed.stderr
    return {json.loads(line)["code"] for line in listed.stdout.splitlines()}


def test_problems_are_listed_and_followed(url):
    before = listed_problems(url)
    with subprocess.Popen(
        [LIVINGMAP, "problems", "--follow", "--url", url, "--json"], stdout=subprocess.PIPE, text=True
    ) as process:
        first = json.loads(process.stdout.readline())
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=100)
    assert first["kind"] == "problems"
    lasting = before & listed_problems(url)  # events are published all the while, and one may end
    assert {one["code"] for one in first["items"]} >= lasting
    lines = run("problems", "--url", url).stdout.splitlines()
    assert {line.partition("#")[0] for line in lines[2::3]} <= {f"    {url}/docs/problems"}


def test_tail_of_nothing_says_so():
    done = run("tail", "--url", "http://127.0.0.1:9")
    assert (done.returncode, "127.0.0.1:9" in done.stderr) == (1, True)


def test_times_for_people_are_marked_as_utc():
    live = {"kind": "live", "at": "2026-11-23T05:17:52Z"}
    gap = {"kind": "gap", "since": "2026-11-23T05:17:52Z", "until": "2026-11-23T05:18:00Z", "reason": "away"}
    lines = [_line(one, EventTexts(()), {}) for one in (live, gap)]
    assert lines == ["05:17:52Z live", "05:17:52Z gap until 05:18:00Z  away"]
    step = {"at": "2026-11-23T05:17:52Z", "until": "2026-11-23T05:19:52Z", "text": "quiet"}
    assert list(_summary({"story": [step]}, "en", {})) == ["2026-11-23 05:17Z … 2026-11-23 05:19Z  quiet"]


def test_history_shows_what_happened_newest_first(url):
    lines = []
    deadline = time.monotonic() + 20
    while len(lines) < 5 and time.monotonic() < deadline:
        lines = run("history", "--url", url, "--limit", "5", "--json").stdout.splitlines()
    items = [json.loads(line) for line in lines]
    assert [item["timestamp"] for item in items] == sorted((item["timestamp"] for item in items), reverse=True)
    own = {"id", "timestamp", "event_type", "payload", "occurred_at", "source", "cursor", "changes", "more"}
    assert items[0].keys() == own
    earlier = run("history", "--url", url, "--until", items[0]["timestamp"], "--json").stdout.splitlines()
    assert all(json.loads(line)["timestamp"] < items[0]["timestamp"] for line in earlier)
    assert earlier
    wrong = run("history", "--url", url, "--type", "a..b")
    assert (wrong.returncode, "422" in wrong.stderr) == (1, True)


def test_migrate_needs_a_database_of_its_own(demo):
    done = run("migrate", "-c", demo)
    assert (done.returncode, "history.url" in done.stderr) == (1, True)
    away = "postgresql://map@127.0.0.1:9/map"
    done = run("migrate", "-c", demo, LIVINGMAP_HISTORY__URL=away)
    assert (done.returncode, "127.0.0.1:9" in done.stderr) == (1, True)


async def test_a_message_is_published(demo, tmp_path):
    server = NatsServer(tmp_path)
    await server.start()
    command = ("publish", "agent.event.status", '{"agent_id": "agent-1"}', "-c", demo)
    async with server.publisher() as client:
        messages = await client.subscribe("agent.event.*")
        await client.flush()
        done = await asyncio.to_thread(run, *command, LIVINGMAP_NATS__URL=server.url)
        message = await messages.next_msg(timeout=60)
    await server.kill()
    assert (done.returncode, done.stdout) == (0, "published on agent.event.status\n")
    assert (message.subject, json.loads(message.data)) == ("agent.event.status", {"agent_id": "agent-1"})


def test_publish_needs_nats_and_sound_json(demo):
    done = run("publish", "agent.event.status", "{}", "-c", demo)
    assert (done.returncode, "nats.url is not set" in done.stderr) == (1, True)
    done = run("publish", "agent.event.status", "[1]", "-c", demo, LIVINGMAP_NATS__URL="nats://127.0.0.1:9")
    assert (done.returncode, "would not read" in done.stderr) == (1, True)
    done = run("publish", "agent.event.status", "{}", "-c", demo, LIVINGMAP_NATS__URL="nats://127.0.0.1:9")
    assert (done.returncode, "NATS" in done.stderr) == (1, True)


FIRST = """
import os, sys

class Slow:
    def find_spec(self, name, *_):
        if name == "livingmap.cli.program":
            print("it is imported", flush=True)
            sys.stdin.readline()

os.getpid = lambda: 1
sys.meta_path.insert(0, Slow())
from livingmap.cli import main
main()
"""


def test_process_1_obeys_a_signal_before_the_program_is_imported():
    command = [sys.executable, "-c", FIRST, "check", "--help"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "it is imported\n"
        process.terminate()
        assert process.wait(60) == 0


@pytest.mark.parametrize(("language", "text"), [("en", "was polled"), ("uk", "опитано")])
def test_the_history_reads_as_sentences_in_the_language_asked_for(url, language, text):
    shown, deadline = "", time.monotonic() + 20
    while not shown and time.monotonic() < deadline:
        wanted = ("--type", "livingmap.source.refreshed", "--language", language)
        shown = run("history", "--url", url, *wanted).stdout
    assert shown
    assert all(text in line for line in shown.splitlines() if not line.startswith("    "))


@pytest.mark.parametrize(("language", "came"), [("en", "new on the map"), ("uk", "тепер є на мапі")])
def test_the_history_says_what_changed_under_each_line(url, language, came):
    wanted = ("history", "--url", url, "--type", "livingmap.source.refreshed", "--language", language)
    shown, deadline = "", time.monotonic() + 60
    while came not in shown and time.monotonic() < deadline:
        shown = run(*wanted).stdout
    line = next(line for line in shown.splitlines() if came in line)
    entity_id = line.split()[0]
    of_one = run(*wanted, "--entity", entity_id).stdout.splitlines()
    assert all(line.split()[0] == entity_id for line in of_one if line.startswith("    "))
    by_field = run("history", "--url", url, "--entity", entity_id, "--field", "nothing")
    assert (by_field.returncode, by_field.stdout) == (0, "")
    assert "nothing was found: the history reaches back to 20" in by_field.stderr
    assert f"{entity_id} has no field 'nothing' (there are: " in by_field.stderr
    of_none = run("history", "--url", url, "--entity", "node:nope", "--json")
    assert (of_none.returncode, of_none.stdout) == (0, "")
    assert of_none.stderr.splitlines()[1] == "node:nope is not on the map now"


def test_a_moment_and_what_has_changed_since_are_printed(url):
    asked = ("history", "--url", url, "--type", "livingmap.source.refreshed", "--json")
    lines, deadline = [], time.monotonic() + 60
    while len(lines) < 4 and time.monotonic() < deadline:
        lines = run(*asked).stdout.splitlines()
    cursors = [json.loads(line)["cursor"] for line in (lines[-1], lines[0])]
    before, after = (json.loads(run("snapshot", "--url", url, "--at", one).stdout) for one in cursors)
    assert [one["meta"]["phase"] for one in (before, after)] == ["past", "past"]
    assert before["layers"] != after["layers"]
    shown = run("diff", "--url", url, "--from", cursors[0], "--to", cursors[1]).stdout.splitlines()
    assert shown[0] == f"{before['meta']['at']} … {after['meta']['at']}"
    assert any("new on the map" in line for line in shown)
    answer = json.loads(run("diff", "--url", url, "--from", cursors[0], "--json").stdout)
    assert answer.keys() == {"from", "to", "gaps", "changes", "summary"}
    assert run("diff", "--url", url, "--from", cursors[0], "--summary").returncode == 0
    for command in (("diff", "--from"), ("snapshot", "--at")):
        refused = run(*command, "-9d", "--url", url)
        assert (refused.returncode, "is not in the history" in refused.stderr) == (1, True)


def test_probe_shows_ids_as_they_are(tmp_path):
    (tmp_path / "odd.py").write_text(ODD)
    file = tmp_path / "odd.yaml"
    file.write_text("sources: {odd: {module: ./odd.py, base_url: 'http://127.0.0.1:9'}}")
    assert "agent:robot: [red]no[/red]" in run("probe", "-c", str(file)).stdout


def test_probe_fails_where_a_run_raised_beside_polls_that_are_well(tmp_path):
    (tmp_path / "gate.py").write_text(GATE)
    file = tmp_path / "gate.yaml"
    file.write_text("{history: {url: 'memory:'}, sources: {gate: {module: ./gate.py}}}")
    done = run("probe", "-c", str(file))
    assert done.returncode == 1
    assert "gate (gate-service): stale" in done.stdout
    assert "docks.items: 1 items" in done.stdout
    assert "error: run: ValueError: lorry.gone: the source has no handler for it" in done.stdout


def test_check_and_probe_say_what_no_sample_answers(tmp_path):
    (tmp_path / "bare.py").write_text(ODD.replace('raise InvalidAnswer("agent:robot: [red]no[/red]")', GET))
    file = tmp_path / "bare.yaml"
    file.write_text("sources: {odd: {module: ./bare.py, base_url: 'http://127.0.0.1:9', mock: true}}")
    assert "  mock: true, but it has no samples that could answer" in run("check", "-c", str(file)).stdout
    done = run("probe", "-c", str(file))
    assert done.returncode == 1
    assert "  error: odd.items: GET /odd: 404, no sample or world answers it: record one, or ask" in done.stdout
    assert "127.0.0.1" not in done.stdout


GET = 'return await client.get("/odd")'

GATE = """
from livingmap.plugin import Layer, Put, SectionSettings, Source, hookimpl

async def run(client, emit):
    await emit.event("lorry.gone", {})

async def fetch(client):
    return [Put("docks", "dock:a")]

@hookimpl
def livingmap_source():
    layers = (Layer("yard"), Layer("docks", fetch=fetch))
    return Source("gate", "gate-service", SectionSettings, layers, run=run)
"""

ODD = """
from livingmap.plugin import InvalidAnswer, Layer, Source, SourceSettings, hookimpl

async def fetch(client):
    raise InvalidAnswer("agent:robot: [red]no[/red]")

@hookimpl
def livingmap_source():
    return Source("odd", "odd-service", SourceSettings, (Layer("odd", fetch=fetch),))
"""


LOCKED = """
import signal
from livingmap.cli import run_folder
with run_folder.held(run_folder.own_lock()):
    print("held", flush=True)
    signal.pause()
"""


def test_maps_of_containers_that_share_a_folder_and_the_numbers_of_processes_are_two(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    with contextlib.suppress(NoNamespaces), contextlib.ExitStack() as held:
        for _ in range(2):
            held.enter_context(in_namespaces(sys.executable, "-c", LOCKED, kinds=("pid",)))
        locks = sorted(run_folder.folder().glob("*.lock"))
        assert len(locks) == 2
        assert list(run_folder.contents()) == []  # these two have the numbers of other processes here
        assert sorted(run_folder.folder().glob("*.lock")) == locks
