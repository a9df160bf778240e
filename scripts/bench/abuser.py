"""Clients that nobody has let in and that mean no good, as a program: each kind of abuse until its parent goes."""

import asyncio
import contextlib
import os
import random
import socket
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any, Final

_ADDRESS: Final = "127.0.0.2"
_MIB: Final = 1 << 20
_PAUSE_SECONDS: Final = 0.1
_SILENT: Final = 300
_SLOW: Final = 60
_RECEIVED_BYTES: Final = 4096
_HEAD: Final = b"GET /living-map/health HTTP/1.1\r\nHost: map\r\n"
_SOCKET: Final = (
    b"GET /living-map/stream HTTP/1.1\r\nHost: map\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
_PING: Final = b"\x89\x80\x00\x00\x00\x00"
_JUNK: Final = (
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"\x00" * 1000,
    b"GET /\xff\xfe HTTP/1.1\r\n\r\n",
    os.urandom(4000),
)
_LOST: Final = (OSError, TimeoutError)


@contextlib.asynccontextmanager
async def _connected(port: int, received: int | None = None) -> AsyncIterator[socket.socket]:
    with socket.socket() as one:
        one.setblocking(False)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if received is not None:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, received)
        one.bind((_ADDRESS, 0))
        await asyncio.get_running_loop().sock_connect(one, ("127.0.0.1", port))
        yield one


async def _pour(port: int, first: bytes, block: bytes, most: int) -> None:
    """Send ``first`` and then ``block`` again and again, until it is ``most`` bytes or the map closes."""
    loop = asyncio.get_running_loop()
    async with _connected(port) as one:
        await loop.sock_sendall(one, first)
        for _ in range(most // len(block)):
            await loop.sock_sendall(one, block)


async def header(port: int) -> None:
    """Send a header of 50 MiB."""
    await _pour(port, _HEAD + b"X: ", b"a" * (1 << 18), 50 * _MIB)


async def headers(port: int) -> None:
    """Send 100 MB of small headers."""
    await _pour(port, _HEAD, b"".join(b"X-%d: y\r\n" % number for number in range(10_000)), 100 * _MIB)


async def pings(port: int) -> None:
    """Open the stream, and send pings as fast as they go."""
    await _pour(port, _SOCKET, _PING * 10_000, 50 * _MIB)


async def logins(port: int) -> None:
    """Show a credential that is wrong; another one each time."""
    bearer = b"Authorization: Bearer %b\r\n\r\n" % os.urandom(30).hex().encode()
    await _ask(port, b"GET /living-map/snapshot HTTP/1.1\r\nHost: map\r\n" + bearer)


async def junk(port: int) -> None:
    """Send what is not HTTP."""
    await _ask(port, random.choice(_JUNK))  # noqa: S311 - nothing depends on it


async def _ask(port: int, request: bytes) -> None:
    loop = asyncio.get_running_loop()
    async with _connected(port) as one, asyncio.timeout(1):
        await loop.sock_sendall(one, request)
        await loop.sock_recv(one, 4096)


async def silent(port: int) -> None:
    """Connect and say nothing, until the map closes."""
    async with _connected(port) as one:
        await asyncio.get_running_loop().sock_recv(one, 1)


async def slow(port: int) -> None:
    """Ask for everything, open a stream, and read nothing."""
    loop = asyncio.get_running_loop()
    async with _connected(port, _RECEIVED_BYTES) as one, _connected(port, _RECEIVED_BYTES) as other:
        await loop.sock_sendall(one, b"GET /living-map/snapshot HTTP/1.1\r\nHost: map\r\n\r\n")
        await loop.sock_sendall(other, b"GET /living-map/events HTTP/1.1\r\nHost: map\r\n\r\n")
        await asyncio.sleep(3600)


Abuse = Callable[[int], Coroutine[Any, Any, None]]
KINDS: Final[dict[str, tuple[Abuse, int]]] = {
    "header": (header, 1),
    "headers": (headers, 1),
    "silent": (silent, _SILENT),
    "pings": (pings, 1),
    "logins": (logins, 10),
    "slow": (slow, _SLOW),
    "junk": (junk, 10),
}
"""Each with how many do it at once."""


async def _again(abuse: Abuse, port: int) -> None:
    while True:
        with contextlib.suppress(*_LOST):
            await abuse(port)
        await asyncio.sleep(_PAUSE_SECONDS)


async def main(kind: str, port: str) -> None:
    """Do it until stopped."""
    abuse, times = KINDS[kind]
    print("{}", flush=True)
    await asyncio.gather(*(_again(abuse, int(port)) for _ in range(times)))


def _step_back() -> None:
    """Leave the cores to the map and the others: what the map does is measured, not who gets a core."""
    os.nice(10)
    if os.sched_getscheduler(0) == os.SCHED_FIFO:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))


if __name__ == "__main__":
    _step_back()
    asyncio.run(main(*sys.argv[1:]))
