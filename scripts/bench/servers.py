"""The servers that are measured, each as a program that publishes what its parent tells it to."""

import asyncio
import dataclasses
import os
import signal
import sys
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import orjson
import uvicorn
from fastapi import FastAPI, WebSocket, WebSocketDisconnect

from livingmap import memory, supervision
from livingmap.access.view import WHOLE
from livingmap.app import LivingMap
from livingmap.core.fold import Folded
from livingmap.core.model import Event, Message, Position
from livingmap.history import History
from livingmap.history.embedded import embedded
from livingmap.history.memory import MemoryHistory
from livingmap.history.postgres import PostgresHistory
from livingmap.stream import frames, messages
from livingmap.stream.frames import Framing
from livingmap.transport.settings import NatsSettings
from scripts.bench.events import SUBJECT, Publish, Tally, event, publish_as_told
from scripts.bench.network import configuration
from scripts.bench.process import say, told

_AGENT: Final = "agent:bench"
_STATUSES: Final = ("busy", "online")
_MOST_WAITING: Final = 1_000_000
_ROOM: Final = 100_000_000
"""A history that never has to forget: what that costs is not the stream's."""


async def _obey(publish: Publish, tally: Tally) -> None:
    """Publish whenever the parent says so, until it goes."""
    async for what in told():
        say(**await publish_as_told(what, publish, tally))


async def the_map(port: int, tally: Tally, agents: str, text_bytes: str = "") -> None:
    """Serve the whole map; the events come in through its log.

    They mean nothing to it, or, if they have a text of ``text_bytes``, change an agent each.
    """
    config = configuration(int(agents), server={"port": port, "access_log": False})
    living = LivingMap(config, MemoryHistory(_ROOM))

    async def publish(number: int, at: int) -> None:
        await living.log.append(Message(SUBJECT, event(number, at)))

    async def publish_change(number: int, at: int) -> None:
        agents = list(living.fold.scene.items("agents", "items"))
        change = {"agent_id": agents[number % len(agents)], "status": _STATUSES[number // len(agents) % 2]}
        await living.log.append(Message("agent.event.status", event(number, at, "x" * int(text_bytes)) | change))

    serving = asyncio.create_task(living.run())
    await _obey(publish_change if text_bytes else publish, tally)
    os.kill(os.getpid(), signal.SIGTERM)
    await serving


async def loop(port: int, tally: Tally, body: str = "") -> None:
    """Serve as is usual: a loop that awaits each viewer's send, a handler that returns a dict."""
    app, viewers = FastAPI(), dict[WebSocket, None]()
    snapshot = orjson.loads(Path(body).read_bytes()) if body else {}  # noqa: ASYNC240 - before it serves

    @app.get("/snapshot")
    async def read() -> dict[str, Any]:
        return snapshot

    @app.websocket("/stream")
    async def stream(viewer: WebSocket) -> None:
        await viewer.accept()
        viewers[viewer] = None
        await viewer.send_text("hello")
        try:
            await viewer.receive_text()
        except WebSocketDisconnect:
            viewers.pop(viewer, None)

    async def publish(number: int, at: int) -> None:
        text = orjson.dumps(event(number, at)).decode()
        for viewer in list(viewers):
            await viewer.send_text(text)

    _ = read, stream
    config = uvicorn.Config(app, port=port, ws_per_message_deflate=False, ws_ping_timeout=300, log_level="error")
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    await _obey(publish, tally)
    server.should_exit = server.force_exit = True
    await serving


async def joined(port: int, tally: Tally) -> None:
    """Publish, to the server in C that listens on ``port``, the frames that the map would send."""
    _, writer = await asyncio.open_connection("127.0.0.1", port)

    async def publish(number: int, at: int) -> None:
        entry = Event(Position("0123456789ab", number), SUBJECT, event(number, at), datetime.now(UTC))
        writer.write(frames.framed(Framing.WEBSOCKET, messages.event(Folded(entry), "x" * 44, WHOLE) or b""))

    say(connected=True)
    await _obey(publish, tally)


async def chain(port: int, _: Tally, agents: str, nats_port: str, folder: str) -> None:
    """Serve the whole map, which hears of events by NATS and keeps them in a PostgreSQL of its own."""
    async with embedded(Path(folder)) as url:
        history = PostgresHistory(url)
        await _hear(port, agents, nats_port, history, url)
        await history.close()


async def member(port: int, _: Tally, agents: str, nats_port: str) -> None:
    """Serve the whole map as one process of several, all of which hear of events by NATS."""
    await _hear(port, agents, nats_port, MemoryHistory(_ROOM))


async def _hear(port: int, agents: str, nats_port: str, history: History, url: str = "") -> None:
    """Serve a map that hears of events by NATS until the parent goes; tell it where the history is."""
    mocked = configuration(int(agents), server={"port": port, "access_log": False})
    settings = NatsSettings(url=f"nats://127.0.0.1:{nats_port}", jetstream=False, most_waiting=_MOST_WAITING)
    living = LivingMap(dataclasses.replace(mocked, nats=settings), history)
    serving = asyncio.create_task(living.run())
    async for _asked in told():
        say(url=url, connected=all(one.status.connected for one in living.intakes))
    os.kill(os.getpid(), signal.SIGTERM)
    await serving


async def nats(port: int, tally: Tally, subject: str = SUBJECT) -> None:
    """Publish into the nats-server that listens on ``port``: events that mean nothing, or what an agent does."""
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b'CONNECT {"verbose":false,"pedantic":false}\r\n')

    def send(subject: str, payload: dict[str, Any]) -> None:
        data = orjson.dumps(payload)
        writer.write(b"PUB %b %d\r\n%b\r\n" % (subject.encode(), len(data), data))

    async def publish(number: int, at: int) -> None:
        said = {} if subject == SUBJECT else {"agent_id": _AGENT, "status": _STATUSES[number % 2]}
        send(subject, event(number, at) | said)

    say(connected=True)
    if subject != SUBJECT:
        send("agent.event.created", {"agent_id": _AGENT, "name": "Bench"})
    await _obey(publish, tally)


def main(kind: str, port: str, tally: str, *rest: str) -> None:
    """Be one of the servers."""
    kinds: dict[str, Callable[..., Coroutine[Any, Any, None]]] = {
        "map": the_map,
        "loop": loop,
        "joined": joined,
        "chain": chain,
        "member": member,
        "nats": nats,
    }
    serving = kinds[kind](int(port), Tally(Path(tally)), *rest)
    if kind in ("map", "chain", "member"):  # as `livingmap serve` does; the others as is usual
        memory.set_up()
        memory.settle()
        supervision.run(serving)
    else:
        asyncio.run(serving)


if __name__ == "__main__":
    main(*sys.argv[1:])
