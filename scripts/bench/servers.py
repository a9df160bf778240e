"""The servers that are measured, each as a program that publishes what its parent tells it to."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import orjson
import uvicorn
from fastapi import FastAPI, WebSocket, WebSocketDisconnect

from livingmap import loop as event_loop
from livingmap.access.view import WHOLE
from livingmap.app import LivingMap
from livingmap.core.fold import Folded
from livingmap.core.model import Event, Message, Position
from livingmap.history.memory import MemoryHistory
from livingmap.stream import frames
from livingmap.stream.frames import Wire
from scripts.bench.events import SUBJECT, Publish, Tally, event, publish_as_told
from scripts.bench.network import configuration
from scripts.bench.process import say, told

_ROOM: Final = 100_000_000
"""A history that never has to forget: what that costs is not the stream's."""


async def _obey(publish: Publish, tally: Tally) -> None:
    """Publish whenever the parent says so, until it goes."""
    async for what in told():
        say(**await publish_as_told(what, publish, tally))


async def the_map(port: int, tally: Tally, agents: str) -> None:
    """Serve the whole map; the events come in through its log."""
    config = configuration(int(agents), server={"port": port, "access_log": False})
    living = LivingMap(config, MemoryHistory(_ROOM))

    async def publish(number: int, at: int) -> None:
        await living.log.append(Message(SUBJECT, event(number, at)))

    serving = asyncio.create_task(living.run())
    await _obey(publish, tally)
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


async def bare(port: int, tally: Tally) -> None:
    """Write the map's bytes to sockets and do nothing else: what the kernel and the crowd can bear."""
    listener = socket.create_server(("127.0.0.1", port), backlog=2048)
    viewers, pending = list[socket.socket](), list[bytes]()
    running = asyncio.get_running_loop()

    def greet() -> None:
        viewer = listener.accept()[0]
        if viewer.recv(4096):  # not one who only looks whether somebody listens
            viewer.sendall(b"HTTP/1.1 101 Switching Protocols\r\n\r\nhello")
            viewers.append(viewer)

    def flush() -> None:
        data = b"".join(pending)
        pending.clear()
        for viewer in list(viewers):
            try:
                viewer.sendall(data)
            except OSError:  # of the crowd before
                viewers.remove(viewer)

    async def publish(number: int, at: int) -> None:
        entry = Event(Position("0123456789ab", number), SUBJECT, event(number, at), datetime.now(UTC))
        message = frames.event(Folded(entry), "x" * 44, WHOLE) or b""
        if not pending:
            running.call_soon(flush)
        pending.append(frames.framed(Wire.WEBSOCKET, message))

    running.add_reader(listener, greet)
    await _obey(publish, tally)


async def nats(port: int, tally: Tally) -> None:
    """Publish into the nats-server that listens on ``port``."""
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b'CONNECT {"verbose":false,"pedantic":false}\r\n')

    async def publish(number: int, at: int) -> None:
        data = orjson.dumps(event(number, at))
        writer.write(b"PUB %b %d\r\n%b\r\n" % (SUBJECT.encode(), len(data), data))

    say(connected=True)
    await _obey(publish, tally)


def main(kind: str, port: str, tally: str, *rest: str) -> None:
    """Be one of the servers."""
    kinds: dict[str, Callable[..., Coroutine[Any, Any, None]]] = {
        "map": the_map,
        "loop": loop,
        "bare": bare,
        "nats": nats,
    }
    run = event_loop.run if kind == "map" else asyncio.run  # as `livingmap serve` does; the others as is usual
    run(kinds[kind](int(port), Tally(Path(tally)), *rest))


if __name__ == "__main__":
    main(*sys.argv[1:])
