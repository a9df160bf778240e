"""The command line as a user meets it: real processes."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LIVINGMAP = Path(sys.executable).parent / "livingmap"


def run(*arguments, **environment):
    return subprocess.run(
        [LIVINGMAP, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "200", **environment},
    )


@pytest.fixture
def demo(tmp_path):
    """Write a small mocked map and return its path."""
    file = tmp_path / "demo.yaml"
    names = ("agents", "microdao", "space", "city")
    head = "server: {port: 0}\nhistory: {url: 'memory:'}\nmock: {agents: 20, events_per_second: 50}\nsources:\n"
    file.write_text(head + "".join(f"  {name}: {{mock: true}}\n" for name in names))
    return str(file)


@pytest.fixture
def serving(demo):
    """Serve the small map and return its address."""
    process = subprocess.Popen(
        [LIVINGMAP, "serve", "--config", demo],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "LIVINGMAP_LOGGING__FORMAT": "json"},
    )
    url = ""
    while not url:
        url = json.loads(process.stderr.readline()).get("url", "")
    yield process, url
    process.terminate()
    process.communicate(timeout=100)


def test_version_and_help():
    assert run("--version").stdout.startswith("livingmap 1.")
    shown = run("--help").stdout
    for command in ("serve", "check", "probe", "plugins", "snapshot", "config", "tail", "publish"):
        assert command in shown


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
    done = subprocess.run(
        [LIVINGMAP, "serve"], capture_output=True, text=True, timeout=60, check=False, cwd=tmp_path
    )
    assert (done.returncode, "LIVINGMAP_CONFIG" in done.stderr) == (1, True)


def test_the_environment_alone_is_a_configuration(tmp_path):
    done = subprocess.run(
        [LIVINGMAP, "check"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=tmp_path,
        env={**os.environ, "LIVINGMAP_SOURCES__AGENTS__MOCK": "true"},
    )
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
    assert "All connection attempts failed" in dead.stdout
    unknown = run("probe", "sky", "-c", demo)
    assert (unknown.returncode, "there are: agents, microdao, space, city" in unknown.stderr) == (1, True)


def test_the_schema_is_json_schema():
    made = json.loads(run("config", "schema", "-c", "config/demo.yaml").stdout)
    assert "$schema" in made
    assert "events_per_second" in json.dumps(made)


def test_an_address_in_use_is_said(serving, demo):
    _, url = serving
    done = run("serve", "-c", demo, LIVINGMAP_SERVER__PORT=url.rpartition(":")[2])
    assert done.returncode == 1
    assert "cannot listen on 127.0.0.1" in done.stderr
    assert "LIVINGMAP_SERVER__PORT" in done.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_order(serving, number):
    process, url = serving
    with urllib.request.urlopen(f"{url}/living-map/health") as answer:
        assert json.load(answer)["status"] == "ok"
    process.send_signal(number)
    _, said = process.communicate(timeout=100)
    assert process.returncode == 0
    assert "the map has stopped" in said


def test_the_demo_lives(serving):
    _, url = serving
    seqs = set()
    deadline = time.monotonic() + 20
    while len(seqs) < 3 and time.monotonic() < deadline:
        with urllib.request.urlopen(f"{url}/living-map/snapshot") as answer:
            seqs.add(json.load(answer)["meta"]["cursor"])
    assert len(seqs) == 3


def test_tail_shows_the_snapshot_and_the_events(serving):
    _, url = serving
    process = subprocess.Popen(
        [LIVINGMAP, "tail", "--url", url, "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    lines = [json.loads(process.stdout.readline()) for _ in range(5)]
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=100)
    assert [line["kind"] for line in lines] == ["snapshot"] + ["event"] * 4


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


def test_tail_ends_by_a_signal_that_comes_while_it_is_reading(serving):
    _, url = serving
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED, "tail", "--url", url],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert (done.returncode, done.stderr) == (130, "")


def test_tail_ends_quietly_when_nobody_reads_on(serving):
    _, url = serving
    done = subprocess.run(
        f"{LIVINGMAP} tail --url {url} | head -n 1",
        shell=True,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert "snapshot (connect)" in done.stdout
    assert done.stderr == ""


def test_tail_of_nothing_says_so():
    done = run("tail", "--url", "http://127.0.0.1:9")
    assert (done.returncode, "127.0.0.1:9" in done.stderr) == (1, True)


def test_history_shows_what_happened_newest_first(serving):
    _, url = serving
    lines = []
    deadline = time.monotonic() + 20
    while len(lines) < 5 and time.monotonic() < deadline:
        lines = run("history", "--url", url, "--limit", "5", "--json").stdout.splitlines()
    items = [json.loads(line) for line in lines]
    assert [item["timestamp"] for item in items] == sorted((item["timestamp"] for item in items), reverse=True)
    assert items[0].keys() == {"id", "timestamp", "event_type", "payload"}
    wrong = run("history", "--url", url, "--type", "a..b")
    assert (wrong.returncode, "422" in wrong.stderr) == (1, True)


def test_migrate_needs_a_database_of_its_own(demo):
    done = run("migrate", "-c", demo)
    assert (done.returncode, "history.url" in done.stderr) == (1, True)
    away = "postgresql://map@127.0.0.1:9/map"
    done = run("migrate", "-c", demo, LIVINGMAP_HISTORY__URL=away)
    assert (done.returncode, "127.0.0.1:9" in done.stderr) == (1, True)


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
def test_the_history_reads_as_sentences_in_the_language_asked_for(serving, language, text):
    _, url = serving
    shown, deadline = "", time.monotonic() + 20
    while not shown and time.monotonic() < deadline:
        wanted = ("--type", "livingmap.source.refreshed", "--language", language)
        shown = run("history", "--url", url, *wanted).stdout
    assert shown
    assert all(text in line for line in shown.splitlines())


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
