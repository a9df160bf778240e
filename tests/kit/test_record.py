"""Recordings: what a service answers and publishes becomes samples, without what is nobody's business."""

import asyncio
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest
from typer.testing import CliRunner

from livingmap.cli.program import app
from livingmap.config.loading import load
from livingmap.core.redaction import Redaction
from livingmap.kit.recording import RecordingError, record
from livingmap.kit.scrubbing import Scrubber
from livingmap.sources.samples import Samples
from tests.support.nats_server import NatsServer

PLUGIN = """
from livingmap.plugin import Layer, Put, Source, SourceSettings, hookimpl

async def fetch(client):
    first = await client.get("/boats", page=1, at="now")
    second = await client.get("/boats", page=2, at="now")
    ports = await client.get("/ports", since="today")
    owners = [Put("boats", f"boat:{row['id']}", {"owner": row["owner"]}) for row in [*first, *second]]
    return [*owners, *(Put("boats", f"port:{row['id']}", {}) for row in ports)]

async def details(client, name):
    return await client.get(f"/boats/{name}")

def on_left(event, part):
    return [Put("boats", event.payload["boat"], {"left": True})]

@hookimpl
def livingmap_source():
    layers = (Layer("boats", fetch=fetch),)
    return Source("boats", "harbour", SourceSettings, layers, {"boat.left": on_left}, {"boat": details})
"""
ANSWERS = {
    "/boats?1": [{"id": "a", "owner": "Ann@Dam.org", "password": "p", "crew": [{"note": "Bearer abcdefgh"}]}],
    "/boats?2": [{"id": "b", "owner": "ann@dam.org", "agent_token": "t"}],
    "/ports?": [{"id": "oslo", "keeper": "key-of-the-harbour"}],
    "/boats/a?": {"sails": 2},
}


class _Harbour(BaseHTTPRequestHandler):
    def do_GET(self):
        parts = urlsplit(self.path)
        body = ANSWERS.get(f"{parts.path}?{''.join(parse_qs(parts.query).get('page', []))}")
        self.send_response(200 if body is not None else 404)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, *_):
        pass


@pytest.fixture
def file(tmp_path):
    (tmp_path / "boats.py").write_text(PLUGIN)
    with ThreadingHTTPServer(("127.0.0.1", 0), _Harbour) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        address = f"http://127.0.0.1:{server.server_address[1]}"
        config = {
            "auth": {"redact": ["boats.*.crew"]},
            "sources": {"boats": {"module": "./boats.py", "base_url": address, "token": "key-of-the-harbour"}},
        }
        file = tmp_path / "map.yaml"
        file.write_text(json.dumps(config))
        yield file
        server.shutdown()
        thread.join()


async def test_answers_become_samples_with_the_parameters_that_differ(file, tmp_path):
    recording = await record(load(file), "boats", 0)
    assert recording.problems == ["details of boat:b: " + recording.problems[0].partition(": ")[2]]
    assert recording.answers == [
        {"path": "/boats", "query": {"page": "1"}, "body": [{"id": "a", "owner": "person-1@example.org"}]},
        {
            "path": "/boats",
            "query": {"page": "2"},
            "body": [{"id": "b", "owner": "person-1@example.org", "agent_token": "***"}],
        },
        {"path": "/ports", "body": [{"id": "oslo", "keeper": "***"}]},
        {"path": "/boats/a", "body": {"sails": 2}},
    ]
    files = recording.save(tmp_path / "samples")
    assert [one.name for one in files] == ["boats_1.json", "boats_2.json", "ports.json", "boats_a.json"]
    assert [one.path for one in Samples.load(tmp_path / "samples").answers] == [
        "/boats",
        "/boats",
        "/boats/a",
        "/ports",
    ]
    with pytest.raises(RecordingError, match="is not empty; name another folder by --into"):
        recording.save(tmp_path / "samples")


async def test_messages_are_recorded_as_they_come(file, tmp_path, monkeypatch):
    nats = NatsServer(tmp_path)
    await nats.start()
    monkeypatch.setenv("LIVINGMAP_NATS__URL", nats.url)
    try:
        recording = asyncio.create_task(record(load(file), "boats", 3))
        async with nats.publisher() as publisher:
            while not recording.done():
                await publisher.publish("boat.left", b'{"boat": "boat:a", "by": "ann@dam.org"}')
                await publisher.flush()
                await asyncio.sleep(0.05)
        [first, *_] = (await recording).messages
    finally:
        await nats.kill()
    assert first == {"subject": "boat.left", "payload": {"boat": "boat:a", "by": "person-1@example.org"}}


async def test_a_simulated_service_is_not_recorded(tmp_path):
    (tmp_path / "map.yaml").write_text("sources: {agents: {mock: true}}")
    with pytest.raises(RecordingError, match="agents: says mock: true"):
        await record(load(tmp_path / "map.yaml"), "agents", 0)
    with pytest.raises(RecordingError, match=r"sky: no such source is enabled \(there are: agents\)"):
        await record(load(tmp_path / "map.yaml"), "sky", 0)


@pytest.mark.parametrize(
    ("value", "clean"),
    [
        (
            {"Authorization": "x", "api_keys": "y", "refresh_token": "z"},
            {"Authorization": "***", "api_keys": "***"},
        ),
        ("see eyJhbGciOi.eyJzdWIi.c2ln there", "see *** there"),
        ("postgres://ann:secret@db/x?api_key=abc&y=1", "postgres://***@db/x?api_key=***&y=1"),
        (
            ["a@b.org", "c@d.org", "A@b.org"],
            ["person-1@example.org", "person-2@example.org", "person-1@example.org"],
        ),
        (
            {"tokens_24h": 7, "token": None, "secret_santa": "yes"},
            {"tokens_24h": 7, "token": None, "secret_santa": "yes"},
        ),
    ],
)
def test_what_looks_like_a_secret_is_taken_out(value, clean):
    assert Scrubber(Redaction()).clean(value) == clean


def test_the_commands_record_and_replay_what_a_new_version_makes_otherwise(file, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    runner = CliRunner()

    def livingmap(*arguments):
        done = runner.invoke(app, arguments)
        return done.exit_code, done.output.splitlines()

    ANSWERS["/boats/b?"] = {"sails": 1}
    try:
        status, lines = livingmap("record", "boats", "-c", "map.yaml", "--into", "r")
    finally:
        del ANSWERS["/boats/b?"]
    assert (status, lines[-1]) == (0, "5 answers, 0 messages; read them before you pass them on")
    replay = ("replay", "r", "--source", "boats", "-c", "map.yaml")
    assert livingmap(*replay) == (1, ["there is no r/items.jsonl to compare with; --accept writes it"])
    assert livingmap(*replay, "--accept") == (0, ["r/items.jsonl: 3 items"])
    assert livingmap(*replay) == (0, ["no differences in 3 items"])
    plugin = tmp_path / "boats.py"
    text = plugin.read_text().replace('{"owner": row["owner"]}', '{"owner": row["owner"], "wet": True}')
    plugin.write_text(text.replace("port:{", "haven:{"))
    changed = [
        "~ boats.items boat:a wet: null -> true",
        "~ boats.items boat:b wet: null -> true",
        "+ boats.items haven:oslo {}",
        "- boats.items port:oslo",
        "4 differences",
    ]
    assert livingmap(*replay) == (1, changed)
    assert livingmap("replay", "r", "--source", "./boats.py") == (1, changed)
    plugin.write_text("import nothing_of_the_kind")
    status, lines = livingmap("replay", "r", "--source", "./boats.py")
    assert (status, "No module named 'nothing_of_the_kind'" in lines[0]) == (1, True)


def test_an_instance_of_a_plugin_is_replayed_with_its_own_name_and_namespace(tmp_path):
    file, folder = tmp_path / "map.yaml", tmp_path / "r"
    file.write_text("sources: {prom_eu: {plugin: prometheus, namespace: eu, base_url: 'http://eu.example.org'}}")
    folder.mkdir()
    target = {"labels": {"job": "web", "instance": "a"}, "health": "up"}
    answers = {"targets": {"activeTargets": [target]}, "alerts": {"alerts": []}}
    for name, data in answers.items():
        sample = {"path": f"/api/v1/{name}", "body": {"status": "success", "data": data}}
        (folder / f"{name}.json").write_text(json.dumps(sample))
    replay = ("replay", str(folder), "--source", "prom_eu", "-c", str(file))
    accepted = CliRunner().invoke(app, (*replay, "--accept"))
    assert (accepted.exit_code, accepted.output) == (0, f"{folder}/items.jsonl: 2 items\n")
    lines = (folder / "items.jsonl").read_text().splitlines()
    assert [json.loads(line)["id"] for line in lines] == ["job:eu/web", "target:eu/web@a"]
    assert CliRunner().invoke(app, replay).output == "no differences in 2 items\n"
