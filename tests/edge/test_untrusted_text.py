"""What services send reaches addresses, terminals and searches as text, and as nothing else."""

import asyncio
import contextlib
import json
import re
import sys
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from livingmap import cli
from livingmap.cli.options import complain, show, show_json
from livingmap.client import MapClient, Refused
from livingmap.core.model import Message
from livingmap.core.printable import printable
from livingmap.errors import InvalidAnswer
from livingmap.plugin import Identifier
from livingmap.sources.json_client import JsonClient
from livingmap.sources.rows import stays_below
from livingmap.sources.settings import ServiceSettings
from tests.stream.conftest import served
from tests.support.maps import living_map
from tests.support.program import run

LIVINGMAP = Path(sys.executable).parent / "livingmap"
CLI = Path(cli.__file__).parent
NASTY = "\x1b[2J\x9b31m\r\n2026-01-01 forged\u202e\x07\x7f\u2028 :rocket: [red]"
ELSEWHERE = [
    "..",
    ".",
    "a/../../b",
    "a/..",
    r"..\\b",
    "%2e%2e",
    "a%2f..%2fb",
    "%252e%252e",
    "a\r\nHost: b",
    "a\x00",
]


class Row(BaseModel):
    id: Identifier


# addresses


@given(st.text(".:/\\%2eE -ab", max_size=8))
def test_an_id_can_be_made_of_what_leads_nowhere_else_and_goes_on_after_its_last_colon(text):
    if stays_below(text) and re.fullmatch(r"\S*[^\s:]", text.strip()):
        assert Row(id=text).id == text.strip()
    else:
        with pytest.raises(ValidationError):
            Row(id=text)


@pytest.mark.parametrize("path", ELSEWHERE)
async def test_an_id_that_would_lead_elsewhere_is_no_name_and_no_address(path):
    with pytest.raises(ValidationError):
        Row(id=path)
    asked = []
    client = JsonClient("sources.city", ServiceSettings(base_url="http://city:1", retries=0), asked.append)
    with pytest.raises(InvalidAnswer, match="would lead elsewhere"):
        await client.get(f"/rooms/{path}")
    assert asked == []
    await client.close()


@given(st.text() | st.text("./%2eEfF\\\\"))
def test_what_is_asked_for_stays_below_the_service(path):
    if stays_below(path):
        try:
            url = httpx.URL(f"http://city:1/rooms/x{path}".replace("x", "", 1))
        except httpx.InvalidURL:
            return
        assert url.host == "city"
        assert url.raw_path.startswith(b"/rooms")


@pytest.mark.parametrize("name", ["sofia", "a.b", "...", "100%", "Софія", "a/b", "v1..v2", "Kyiv:1"])
def test_names_with_dots_and_percent_signs_are_names(name):
    assert Row(id=name).id == name


@pytest.mark.parametrize("entity_id", [".", "..", "../../docs", "a?b#c", "agent:\r\nX: y", "javascript:alert(1)"])
async def test_the_client_asks_for_an_entity_whatever_its_id(built, entity_id):
    async with built() as address, MapClient(f"http://{address}") as client:
        with pytest.raises(Refused, match=": 404: "):
            await client.entity(entity_id)


# terminals


ENTRY = {"timestamp": f"2026{NASTY}", "event_type": f"agent{NASTY}", "payload": {"note": NASTY, NASTY: [NASTY]}}
MAP = {
    "items": [ENTRY],
    "sentences": [],
    "generated_at": "2026-01-01T00:00:00Z",
    "meta": {"cursor": "c"},
    "layers": {},
}
"""What a map answers, whatever it is asked."""


@contextlib.asynccontextmanager
async def answering(status, body):
    """Serve one answer to whatever is asked."""

    async def answer(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        text = json.dumps(body).encode()
        head = b"HTTP/1.1 %d X\r\nconnection: close\r\ncontent-length: %d\r\n\r\n" % (status, len(text))
        writer.write(head + text)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def history(status, body, *options):
    """Return what ``livingmap history`` prints."""
    return await command_output("history", status, body, *options)


async def command_output(command, status, body, *options):
    """Return what a command that asks a map prints."""
    async with answering(status, body) as url:
        ended = await asyncio.to_thread(run, command, "--url", url, *options)
    return ended.stdout + ended.stderr


async def test_the_history_on_a_terminal_is_as_many_lines_as_entries():
    line, end = (await history(200, MAP)).split("\n")
    assert (printable(line), end) == (line, "")
    assert ":rocket: [red]" in line


async def test_the_history_as_json_has_what_was_sent():
    line, end = (await history(200, MAP, "--json", "--limit", "1")).split("\n")
    assert (printable(line), end) == (line, "")
    assert json.loads(line) == ENTRY


@pytest.mark.parametrize(
    "command", [("history",), ("diff", "--from", "-1m"), ("diff", "--from", "-1m", "--summary")]
)
async def test_the_answer_of_something_that_is_no_map_is_one_line(command):
    line, end = (await command_output(command[0], 200, {"hello": "world"}, *command[1:])).split("\n")
    assert "missing or of another type" in line
    assert end == ""


async def test_an_error_that_somebody_else_words_is_one_line():
    line, end = (await history(400, {"detail": NASTY})).split("\n")
    assert "forged" in line
    assert (printable(line), end) == (line, "")


async def test_the_tail_as_json_has_what_was_sent(built_map):
    living, address = built_map
    process = await asyncio.create_subprocess_exec(
        LIVINGMAP, "tail", "--url", f"http://{address}", "--json", stdout=asyncio.subprocess.PIPE, limit=1 << 22
    )
    async with asyncio.timeout(60):
        await process.stdout.readline()
        agent = next(iter(living.fold.scene.items("agents", "items")))
        payload = {"agent_id": agent, "status": "busy", "note": NASTY}
        await living.log.append(Message("agent.event.status", payload))
        line = (await process.stdout.readline()).decode()
        while "agent.event.status" not in line:
            line = (await process.stdout.readline()).decode()
        assert printable(line.removesuffix("\n")) + "\n" == line
        assert json.loads(line)["payload"]["note"] == NASTY
        process.terminate()
        await process.wait()


@pytest.fixture
async def built_map(tmp_path):
    mock = {"microdaos": 1, "agents": 2, "nodes": 1, "daos": 1, "events_per_second": 0}
    async with living_map(tmp_path, {"agents": {"mock": True}}, mock=mock) as living, served(living) as address:
        yield living, address


def test_every_command_prints_by_what_escapes():
    for file in CLI.glob("*.py"):
        if file.name not in {"options.py", "views.py"}:
            assert not re.search(r"\b(?:print|echo|secho|Console|write)\(", file.read_text()), file.name


@given(st.text(st.characters(codec="utf-8")) | st.text("\x1b\r\n\u202e\x9b\x85[m:ab"))
def test_a_line_that_is_shown_is_one_line(text):
    lines = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("typer.secho", lambda line, **_: lines.append(line))
        patch.setattr("typer.echo", lambda line, **_: lines.append(line))
        show(text)
        complain(text)
        show_json({text: text})
    assert lines == [printable(text), printable(text), printable(lines[2])]
    assert json.loads(lines[2]) == {text: text}
