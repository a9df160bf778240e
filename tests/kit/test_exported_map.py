"""A stretch of the past in a file: written by a client, read again, and served without the network."""

import asyncio
import json
import sysconfig
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
import zstandard
from websockets.asyncio import client as websockets

from livingmap.cli import exports
from livingmap.config.server import ServerSettings
from livingmap.core.fold import refreshed
from livingmap.core.model import Drop, Message, Put
from livingmap.core.units import rfc3339
from livingmap.kit.exported_map import ExportedMap
from livingmap.past.export import ExportError, read
from livingmap.past.exported_source import ExportedWordsError, exported_source
from tests.stream.conftest import served
from tests.support.clients import Follower, normal, same
from tests.support.program import run
from tests.support.recorded import Time, recorded_map, written


@pytest.fixture
def time():
    return Time()


@pytest.fixture
async def original(tmp_path, time):
    """A map on which something has happened, and its address."""
    async with recorded_map(tmp_path, time) as living, served(living) as address:
        for number in range(12):
            time.pass_(seconds=10)
            changes = [Put("agents", f"agent:{number % 3}", {"x": number, "name": f"Agent {number % 3}"})]
            changes += [Drop("agents", "agent:1")] if number == 7 else []
            await living.log.append(refreshed("agents", number, changes))
            await living.log.append(Message("agent.event.unknown", {"agent_id": "agent:0", "number": number}))
        await written(living)
        yield living, f"http://{address}"


async def exported(url, file, start, to="-0s"):
    with exports._opened(file) as output:
        return await exports._write(exports._Wanted(url, lambda: None, start, to), output)


async def replayed(file):
    export = read(file)
    return ExportedMap(export, await export.history(), ServerSettings())


def at(time, seconds):
    return rfc3339(time.now - timedelta(seconds=seconds))


@pytest.mark.parametrize("name", ["night.jsonl", "night.jsonl.zst"])
async def test_every_moment_of_a_file_is_as_it_was_on_the_map(original, time, tmp_path, name):
    _, url = original
    file = tmp_path / name
    counts = await exported(url, file, "-90s")
    assert (counts["snapshot"], counts["event"], counts["end"]) == (1, 18, 1)
    assert file.read_bytes().startswith(b"\x28\xb5\x2f\xfd") == name.endswith(".zst")
    replay = await replayed(file)
    async with served(replay.living, replay.serving(port=0)) as address, httpx.AsyncClient() as client:
        for seconds in (90, 65, 40, 33, 7, 0):
            there, here = [
                (await client.get(f"{base}/living-map/snapshot", params={"at": at(time, seconds)})).json()
                for base in (url, f"http://{address}")
            ]
            assert same(normal(here["layers"])) == same(normal(there["layers"]))
            assert here["meta"]["sources"][0]["name"] == "agents"
            assert (here["meta"]["phase"], here["meta"]["gaps"]) == ("past", [])
        for path in ("types", "sentences"):
            there, here = [
                (await client.get(f"{base}/living-map/{path}")).json() for base in (url, f"http://{address}")
            ]
            assert named(here) == named(there)


def named(answer):
    """Return what an answer says, in an order that does not depend on the sources."""
    return {name: sorted(some, key=json.dumps) for name, some in answer.items()}


async def test_nothing_of_a_file_is_the_present(original, time, tmp_path):
    _, url = original
    await exported(url, tmp_path / "night.jsonl", "-90s", "-30s")
    replay = await replayed(tmp_path / "night.jsonl")
    async with served(replay.living, replay.serving(port=0)) as address:
        async with httpx.AsyncClient(base_url=f"http://{address}") as client:
            snapshot = (await client.get("/living-map/snapshot")).json()
            assert (snapshot["meta"]["phase"], snapshot["meta"]["at"]) == ("past", at(time, 90))
            page = await client.get("/")
            assert page.headers["location"].startswith("?at=")
            listed = (await client.get("/living-map/entities?type=agent&limit=1000")).json()["items"]
            assert "agent:0" in {one["id"] for one in listed}
            later = await client.get("/living-map/snapshot", params={"at": at(time, 0)})
            assert (later.status_code, later.json()["code"]) == (422, "invalid_parameter")
        shown = Follower()
        async with websockets.connect(f"ws://{address}/living-map/stream?speed=max", max_size=None) as socket:
            while shown.take(await socket.recv())["kind"] != "end":
                pass
    kinds = [message["kind"] for message in shown.seen]
    assert kinds == ["snapshot", "playing", *["event"] * len(kinds[3:]), "end"]


async def test_the_history_of_a_file_says_what_changed(original, tmp_path):
    _, url = original
    await exported(url, tmp_path / "night.jsonl", "-90s")
    replay = await replayed(tmp_path / "night.jsonl")
    async with served(replay.living, replay.serving(port=0)) as address, httpx.AsyncClient() as client:
        query = {"entity_id": "agent:0", "field": "x"}
        there, here = [
            (await client.get(f"{base}/living-map/history", params=query)).json()["items"]
            for base in (url, f"http://{address}")
        ]
    changes = [item["changes"] for item in here]
    assert changes
    assert changes == [item["changes"] for item in there][: len(changes)]


PROGRAM = Path(sysconfig.get_path("scripts"), "livingmap")
HEADER = {"kind": "export", "format": 1, "types": {"en": {"types": [], "layers": []}}}
SNAPSHOT = {
    "kind": "snapshot",
    "timestamp": "2026-01-02T00:00:00Z",
    "payload": {"layers": {}, "meta": {"sources": []}},
}


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ([], ":1: not the header of an export"),
        ([{"path": "/agents"}], ":1: not the header of an export"),
        ([{**HEADER, "format": 2}], ":1: format 2; this livingmap reads 1"),
        ([HEADER], ": holds no snapshot"),
        ([HEADER, "[1]"], ":2: not a JSON object"),
        ([HEADER, '{"kind": "sna'], ":2: not JSON, or cut off"),
        ([HEADER, {"kind": "event"}], ":2: event: a snapshot has to come first"),
        ([HEADER, SNAPSHOT, {"kind": "dance"}], ":3: dance: unknown kind of line"),
        ([HEADER, SNAPSHOT, {"kind": "event", "event_type": "a.b"}], ":3: event: 'changes' is missing"),
        ([HEADER, SNAPSHOT, {"no": 1}], ":3: a line without kind: 'kind' is missing"),
        ([HEADER, {**SNAPSHOT, "timestamp": "noon"}], ":2: snapshot: 'noon' is not a time"),
        ([HEADER, SNAPSHOT, {"kind": "end", "at": None}], ":3: end: None is not a time"),
    ],
)
def test_a_file_that_is_no_export_is_refused_with_the_line(tmp_path, lines, says):
    file = tmp_path / "night.jsonl"
    file.write_text("".join(f"{one if isinstance(one, str) else json.dumps(one)}\n" for one in lines))
    with pytest.raises(ExportError) as error:
        read(file)
    assert str(error.value).startswith(f"{file}{says}")


def test_a_compressed_file_that_was_cut_off_is_refused(tmp_path):
    file = tmp_path / "night.jsonl.zst"
    file.write_bytes(zstandard.compress(b"\n".join([json.dumps(HEADER).encode()] * 1000))[:40])
    with pytest.raises(ExportError, match=r"night.jsonl.zst"):
        read(file)


def test_words_that_are_damaged_are_said():
    with pytest.raises(ExportedWordsError, match="words of the map"):
        exported_source({"types": {"en": {"types": [{"name": "x"}], "layers": []}}}, {})


def test_a_gap_and_a_second_snapshot_of_a_file_begin_another_epoch(tmp_path):
    gap = {
        "kind": "gap",
        "since": "2026-01-02T00:01:00Z",
        "until": "2026-01-02T00:02:00Z",
        "events": None,
        "reason": "x",
    }
    later = {**SNAPSHOT, "timestamp": "2026-01-02T00:02:00Z"}
    file = tmp_path / "night.jsonl"
    file.write_text("\n".join(map(json.dumps, [HEADER, SNAPSHOT, gap, later])))
    export = read(file)
    assert [entry.position.epoch for entry in export.entries] == ["export-000001", "export-000002"]
    assert [(one.reason, one.size) for one in export.gaps] == [("x", 0)]
    assert not export.is_complete


async def livingmap(*arguments):
    """Run the program; return its exit status and what it printed."""
    ended = await asyncio.to_thread(run, *arguments)
    return ended.returncode, ended.stdout, ended.stderr


async def test_the_commands_write_a_file_and_serve_it(original, tmp_path):
    _, url = original
    file = tmp_path / "night.jsonl.zst"
    status, output, errors = await livingmap("export", "--from", "-90s", "--url", url, "--output", file)
    assert (status, output, errors) == (0, f"{file}: 18 events, 1 states, 0 gaps\n", "")
    status, output, _ = await livingmap("export", "--from", "-90s", "--url", url)
    assert [json.loads(line)["kind"] for line in output.splitlines()][:2] == ["export", "snapshot"]
    process = await asyncio.create_subprocess_exec(
        PROGRAM, "replay", str(file), "--port", "0", stdout=asyncio.subprocess.PIPE
    )
    line = (await process.stdout.readline()).decode()
    async with httpx.AsyncClient() as client:
        snapshot = (await client.get(f"{line.split()[-1]}/living-map/snapshot")).json()
    process.terminate()
    assert await process.wait() == 0
    assert snapshot["meta"]["phase"] == "past"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["export", "--from", "soon"], "from: 'soon' is neither a time"),
        (["export", "--from", "1999-01-01T00:00:00Z"], "reaches back to"),
    ],
)
async def test_a_moment_that_cannot_be_exported_leaves_no_file(original, tmp_path, arguments, says):
    _, url = original
    status, _, errors = await livingmap(*arguments, "--url", url, "-o", tmp_path / "night.jsonl")
    assert (status, says in errors) == (1, True), errors
    assert not (tmp_path / "night.jsonl").exists()


async def test_a_file_that_cannot_be_replayed_is_said_with_its_line(tmp_path):
    file = tmp_path / "night.jsonl"
    file.write_text(f"{json.dumps(HEADER)}\nnonsense\n")
    status, _, errors = await livingmap("replay", file)
    assert (status, f"{file}:2: not JSON" in errors) == (1, True), errors
    status, _, errors = await livingmap("replay", tmp_path / "nothing")
    assert (status, "no such file" in errors) == (1, True), errors
