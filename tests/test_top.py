"""The live view in a terminal: what it says, at any size, and when the map is gone."""

import asyncio
import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from livingmap.cli.program import app
from livingmap.cli.top_reading import Reading
from livingmap.cli.top_view import Screen, view
from tests.support.nats_server import until
from tests.support.ports import free_port
from tests.support.raw_server import sending
from tests.support.scripted_service import ScriptedService, Sent

LIVINGMAP = Path(sys.executable).parent / "livingmap"


def source(name, status="fresh", events=0, **more):
    return {
        "name": name,
        "status": status,
        "events": events,
        "service": f"{name}-service",
        "error": None,
        "age_seconds": 4.2,
    } | more


def problem(number):
    what = f"Hazel-{number} is offline"
    return {
        "severity": "critical",
        "state": "open",
        "code": "entity_in_trouble",
        "what": what,
        "since": "2026-03-01T12:30:00Z",
    }


def reading(at, events, **more):
    numbers = {
        "livingmap_events_total": events,
        "livingmap_lag": 3,
        "livingmap_viewers": 12,
        "livingmap_leader": 0,
    }
    numbers |= {"livingmap_shared_log": 1, "livingmap_leader_term": 7, "livingmap_peers": 2}
    sources = [
        source("agents", events=events),
        source("city", "down", error="refused \x1b[31m\nby it", age_seconds=7300),
    ]
    settings = {"sources": sources, "problems": [], "history": {"status": "written"}, "phase": "live"}
    return Reading(at, "14:00:03Z", **settings | {"numbers": numbers, "version": "1.0.0"} | more)


def lines(screen, width=100, height=None, keys=""):
    console = Console(width=width, no_color=True, force_terminal=False)
    with console.capture() as capture:
        console.print(view(screen, width, height, keys))
    return capture.get().splitlines()


def test_a_screen_says_how_the_map_is_doing():
    shown = lines(Screen("http://map", reading(12.0, 45), reading(10.0, 20)))
    assert [line.rstrip() for line in shown] == [
        "14:00:03Z  live  livingmap 1.0.0  http://map",
        "events/s 12.5   lag 3   viewers 12   history written   leader another, term 7   processes 3",
        "source status  age ev/s service            notes",
        "agents   fresh  4s 12.5 agents-service",
        r"city   ! down   2h    0 city-service       refused \u001b[31m\nby it",
        "no problems",
    ]


def test_a_poll_that_is_under_way_says_how_many_rows_it_has_read():
    polling = {"rows": 12_400, "compared": 900}
    sources = [source("agents", polling=polling), source("city", "stale", polling=polling, error="took too long")]
    shown = lines(Screen("http://map", reading(12.0, 45, sources=sources)), 80)
    assert [line.rstrip() for line in shown[3:6]] == [
        "source status  age ev/s notes",
        "agents   fresh  4s    ? polling: 12,400 rows",
        "city   ? stale  4s    ? polling: 12,400 rows; took too long",
    ]


def test_what_is_not_said_is_a_question_mark():
    shown = lines(Screen("http://map", reading(12.0, 45, numbers={}, problems=None, notes=("metrics: 403 no",))))
    assert "events/s ?   lag ?   viewers ?   history written   leader ?   processes ?" in shown
    assert "metrics: 403 no" in shown


@pytest.mark.parametrize(("width", "height"), [(20, 6), (40, 12), (80, 24), (200, 60)])
def test_a_screen_fits_its_terminal_and_hides_what_is_well_first(width, height):
    many = [source(f"a-source-with-a-long-name-{number}") for number in range(40)] + [source("x", "down")]
    now = reading(12.0, 45, sources=many, problems=[problem(number) for number in range(30)], problems_total=90)
    shown = lines(Screen("http://map.example.org", now), width, height, "q quit")
    assert max(map(len, shown)) <= width
    assert "! down" in "\n".join(shown)
    assert any("critic" in line for line in shown)
    if height > 6:
        assert len(shown) <= height
        assert shown[-1].startswith("q quit")


def test_a_map_that_is_gone_is_not_shown_as_if_it_were_there():
    shown = lines(
        Screen("http://map", reading(12.0, 45), None, "14:00:10Z", 75.0, "nothing listens", is_paused=True)
    )
    assert shown[0].startswith("! NO ANSWER since 14:00:10Z (75s); below is what it said at 14:00:03Z")
    assert shown[1].startswith("! nothing listens")
    assert shown[2].startswith("PAUSED  14:00:03Z")
    assert any(line.startswith("agents") and "79s" in line for line in shown)


def answers(request):
    match request.path:
        case "/living-map/sources":
            return Sent({"items": [source("agents")], "history": {"status": "written"}})
        case "/living-map/problems":
            return Sent({"items": [problem(15)], "total": 1})
        case "/living-map/health/ready":
            return Sent({"phase": "live"})
    return Sent(status=403, body={"detail": "not for you"})


class Terminal:
    """A pseudo-terminal in which a command runs."""

    def __init__(self, width, height, *arguments):
        self.text = ""
        self._descriptor, self.end = pty.openpty()
        self.resize(width, height)
        self.before = termios.tcgetattr(self.end)
        environment = {**os.environ, "TERM": "xterm-256color"}
        self.process = subprocess.Popen(
            [LIVINGMAP, *arguments], stdin=self.end, stdout=self.end, stderr=self.end, env=environment
        )
        asyncio.get_running_loop().add_reader(self._descriptor, self._read)

    def _read(self):
        self.text += os.read(self._descriptor, 65536).decode(errors="replace")

    def resize(self, width, height):
        fcntl.ioctl(self.end, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))

    async def shows(self, text):
        """Wait until ``text`` is shown, from now on."""
        begin = len(self.text)
        await until(lambda: text in self.text[begin:], 60, 0.02)

    def press(self, key):
        os.write(self._descriptor, key)

    async def ended(self):
        """Wait until it ends; return its exit status."""
        await until(lambda: self.process.poll() is not None, 60, 0.02)
        return self.process.returncode

    def close(self):
        asyncio.get_running_loop().remove_reader(self._descriptor)
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self._descriptor)
        os.close(self.end)


async def test_in_a_terminal_keys_pause_and_quit_and_a_map_that_goes_is_missed():
    async with ScriptedService(answers) as service:
        terminal = Terminal(60, 12, "top", "--url", service.base_url, "--every", "0.2")
        try:
            await terminal.shows("Hazel-15 is offline")
            assert "metrics: 403 not for you" in terminal.text
            terminal.press(b"p")
            await terminal.shows("PAUSED")
            terminal.press(b"p")
            service.answer = lambda _: Sent(status=401, body={"detail": "who is it"})
            await terminal.shows("NO ANSWER since")
            assert "sources: 401 who is it" in terminal.text
            service.answer = answers
            terminal.resize(30, 8)
            await terminal.shows("live  livingmap ?")
            terminal.press(b"q")
            assert await terminal.ended() == 0
            assert termios.tcgetattr(terminal.end) == terminal.before
        finally:
            terminal.close()


async def once(url):
    done = await asyncio.to_thread(CliRunner().invoke, app, ["top", "--once", "--url", url])
    return done.exit_code, done.output


async def test_once_is_for_scripts():
    async with ScriptedService(answers) as service:
        status, shown = await once(service.base_url)
    assert (status, "Hazel-15 is offline" in shown, "\x1b" in shown) == (0, True, False)
    assert [line for line in shown.splitlines() if line != line.rstrip()] == []
    url = f"http://127.0.0.1:{free_port()}"
    status, shown = await once(url)
    assert (status, "NO ANSWER since" in shown, f"! {url}/living-map/health/ready: " in shown) == (1, True, True)
    done = await asyncio.to_thread(CliRunner().invoke, app, ["top", "--url", url])
    assert (done.exit_code, "needs a terminal; with --once" in done.output) == (1, True)


@pytest.mark.parametrize(
    "sent",
    [
        b"SSH-2.0-OpenSSH\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nabc",
        b"HTTP/1.1 503 Busy\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nabc",
    ],
    ids=["another protocol", "breaks off", "refusal that breaks off"],
)
async def test_what_is_not_a_whole_answer_is_not_one(sent):
    async with sending(sent) as url:
        status, shown = await once(url)
    assert (status, shown.startswith("! NO ANSWER since"), f"! {url}/living-map/" in shown) == (1, True, True)


@pytest.mark.parametrize("url", ["http://127.0.0.1:many", "http://[::1", "127.0.0.1:7017"])
async def test_what_is_not_an_address_does_not_answer(url):
    status, shown = await once(url)
    assert (status, shown.startswith("! NO ANSWER since"), f"! {url}" in shown) == (1, True, True)
