"""A map that stops, ends: by a signal, by a task that dies, whatever libraries and plugins do about it."""

import asyncio
import signal
import subprocess
import sys
from contextlib import suppress

import pytest

from livingmap.supervision import within
from livingmap.transport.connection import NatsClient
from tests.support.map_process import map_process
from tests.support.maps import living_map
from tests.support.nats_server import NatsServer, until
from tests.support.ports import free_port

DESCRIBE = """
from livingmap.config.shape import described
from livingmap.core.same_as import SameAs
from livingmap.core.source import Lifetime

words = frozenset(f"status {number}" for number in range(50))
print(described((Lifetime("nodes", since=("at",), setting="seconds", values=words),)))
print(described(SameAs({"a:1": "a:2"}, {"red": {"b:2": "b:1", "b:1": "b:3"}})))
"""


def test_what_decides_the_map_is_described_alike_in_every_process():
    texts = {
        subprocess.run(
            [sys.executable, "-c", DESCRIBE],
            env={"PYTHONHASHSEED": str(seed)},
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        ).stdout
        for seed in range(3)
    }
    assert len(texts) == 1
    assert "status 7" in texts.pop()


SOURCES = {"agents": {"mock": True, "interval_seconds": 3600}}
NOBODY = "nats://127.0.0.1:9"
STUCK = """
from livingmap.plugin import Layer, Source, SourceSettings, hookimpl


class Settings(SourceSettings):
    base_url: str = "http://127.0.0.1:9"


async def fetch(client):
    return []


def on_stuck(event, part):
    while True:
        try:
            while True:
                pass
        except BaseException:  # what ends handlers that do not return
            pass


@hookimpl
def livingmap_source() -> Source:
    return Source("stuck", "stuck-service", Settings, (Layer("stuck", fetch=fetch),), {"stuck": on_stuck})
"""


async def deaf(*_, **__):
    """Lose a cancellation, as nats-py does now and then."""
    with suppress(asyncio.CancelledError):
        await asyncio.sleep(3600)
    await asyncio.sleep(3600)


async def broken():
    raise RuntimeError("a task dies")


@pytest.mark.parametrize(
    "nats", [{}, {"url": "nats://127.0.0.1:9"}, {"url": "nats://127.0.0.1:9", "jetstream": False}]
)
async def test_a_task_that_dies_ends_the_map(tmp_path, monkeypatch, nats):
    monkeypatch.setattr(NatsClient, "connect", deaf)
    stopping = []
    server = {"port": free_port()}
    async with living_map(tmp_path, SOURCES, polled=False, nats=nats, server=server) as living:
        monkeypatch.setattr(living.writer, "run", broken)
        with pytest.raises(RuntimeError, match="a task dies"):
            await within(60, living.run(lambda: stopping.append(True)), "running")
    assert stopping == [True]


@pytest.mark.parametrize("attribute", ["_read", "_append"])
async def test_a_fault_of_the_log_ends_the_map_though_its_connection_is_deaf(tmp_path, monkeypatch, attribute):
    jetstream = attribute == "_read"
    monkeypatch.setattr(NatsClient, "connect", deaf)
    nats = {"url": NOBODY, "jetstream": jetstream}
    async with living_map(tmp_path, SOURCES, polled=False, nats=nats, server={"port": free_port()}) as living:
        monkeypatch.setattr(living.intakes[0], attribute, broken)
        with pytest.raises(RuntimeError, match="a task dies"):
            await within(60, living.run(), "running")


async def test_a_second_signal_ends_a_map_whose_plugin_never_returns(tmp_path):
    (tmp_path / "stuck.py").write_text(STUCK)
    server = NatsServer(tmp_path)
    await server.start()
    nats = {"url": server.url, "jetstream": False}
    sources = {"stuck": {"module": "./stuck.py"}}
    async with map_process(tmp_path, sources=sources, nats=nats) as living:
        await living.connected()
        async with server.publisher() as client:
            await client.publish("stuck", b"{}")
            await client.flush()
        await until(lambda: is_stuck(living), 60)
        living.send(signal.SIGTERM)
        living.send(signal.SIGINT)  # another number: two of one may come as one
        assert await living.ended() == 1
        assert "stopped at once by a second signal" in living.last_words()
    await server.kill()


async def is_stuck(living):
    try:
        async with asyncio.timeout(1):
            await living.ready()
    except TimeoutError:
        return True
    return False
