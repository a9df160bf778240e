"""The viewers, all in one process that does as little as it can: it counts events without decoding frames.

Some of them watch closely: each event in its order, and how long it took.
"""

import json
import os
import select
import socket
import sys
import time
from array import array
from pathlib import Path
from typing import Final

from scripts.bench.events import EVENT, MARK, Tally
from scripts.bench.process import say

_KEPT: Final = len(MARK) - 1
"""Bytes carried from one read to the next: a mark may be cut, and is never counted twice."""
_CARRIED: Final = 96
_CHUNK: Final = 256 * 1024
_MOST_SECONDS: Final = 60

# A final binary frame, masked with zeros (RFC 6455, 5.2), as nats-server wants its protocol.
_SUBSCRIBE: Final = b'CONNECT {"verbose":false,"pedantic":false}\r\nSUB > 1\r\nPING\r\n'
_HELLO: Final = {"nats": bytes((0x82, 0x80 | len(_SUBSCRIBE), 0, 0, 0, 0)) + _SUBSCRIBE}
_PATH: Final = {"map": "/living-map/stream", "nats": "/", "loop": "/stream", "joined": "/"}
_JOINED: Final = {"map": b'"kind":"snapshot"', "nats": b"PONG", "loop": b"hello", "joined": b"hello"}
"""What the server says to one who has joined."""


class Watch:
    """One who looks at every event."""

    def __init__(self) -> None:
        self.nanoseconds = array("Q")
        self.astray = 0
        """Events that came out of order, twice or after a missing one."""
        self._next = 0
        self._carried = b""

    def take(self, data: bytes, now: int) -> None:
        """Look at what was read."""
        data, end = self._carried + data, 0
        for found in EVENT.finditer(data):
            number, end = int(found[1]), found.end()
            self.astray += number != self._next
            self._next = number + 1
            self.nanoseconds.append(now - int(found[2]))
        self._carried = data[max(end, len(data) - _CARRIED) :]


class Crowd:
    """All viewers of one server."""

    def __init__(self, kind: str, port: int, viewers: int, tally: Tally) -> None:
        self._tally = tally
        self._poll = select.epoll()
        self._viewers: dict[int, socket.socket] = {}
        self._kept: dict[int, bytes] = {}
        for _ in range(viewers):
            one = join(kind, port)
            one.setblocking(False)
            self._viewers[one.fileno()] = one
            self._kept[one.fileno()] = bytes(_KEPT)
            self._poll.register(one, select.EPOLLIN)
        self._buffer = bytearray(_KEPT + _CHUNK)
        self._view = memoryview(self._buffer)
        self._watches: dict[int, Watch] = {}
        self._delivered = 0

    def begin(self, watchers: int) -> None:
        """Forget what was, and let ``watchers`` of the crowd, evenly spread, watch closely."""
        every = max(1, len(self._viewers) // watchers)
        self._watches = {number: Watch() for number in list(self._viewers)[every // 2 :: every]}
        self._delivered = self._tally.delivered = self._tally.expected = 0

    def watch(self) -> dict[str, float]:
        """Read until all that is expected has come; return what was seen."""
        until, busy, last = time.monotonic() + _MOST_SECONDS, time.process_time(), 0
        while time.monotonic() < until and not 0 < self._tally.expected <= self._delivered:
            before = self._delivered
            for number, _ in self._poll.poll(0.02):
                self._read(number)
            if self._delivered != before:
                last = time.monotonic_ns()
                self._tally.delivered = self._delivered
        waited = sorted(one for watch in self._watches.values() for one in watch.nanoseconds) or [0]
        return {
            "delivered": self._delivered,
            "astray": sum(watch.astray for watch in self._watches.values()),
            "last": last,
            "p50_ms": waited[len(waited) // 2] / 1e6,
            "p99_ms": waited[len(waited) * 99 // 100] / 1e6,
            "cpu_seconds": time.process_time() - busy,
        }

    def _read(self, number: int) -> None:
        self._view[:_KEPT] = self._kept[number]
        try:
            got = self._viewers[number].recv_into(self._view[_KEPT:])
        except BlockingIOError:
            return
        if not got:
            raise ConnectionError("the server let a viewer go")
        self._delivered += self._buffer.count(MARK, 0, _KEPT + got)
        self._kept[number] = bytes(self._view[got : got + _KEPT])
        if watch := self._watches.get(number):
            watch.take(bytes(self._view[_KEPT : _KEPT + got]), time.monotonic_ns())


def join(kind: str, port: int, received_bytes: int = 0) -> socket.socket:
    """Connect, shake hands (RFC 6455, 4.1) and return once the server counts with this viewer.

    ``received_bytes`` is how much the kernel may take for it before it reads; 0 leaves that to the kernel.
    """
    one = socket.socket()
    if received_bytes:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, received_bytes)
    one.connect(("127.0.0.1", port))
    head = f"GET {_PATH[kind]} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    one.sendall(f"{head}Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n".encode())
    heard = b""
    while b"\r\n\r\n" not in heard:
        heard += _some(one)
    if b" 101 " not in heard:
        raise ConnectionError(heard.decode(errors="replace"))
    one.sendall(_HELLO.get(kind, b""))
    while _JOINED[kind] not in heard:
        heard += _some(one)
    return one


def _some(one: socket.socket) -> bytes:
    data = one.recv(_CHUNK)
    if not data:
        raise ConnectionError("the server hung up")
    return data


def main(kind: str, port: str, viewers: str, tally: str) -> None:
    """Be the crowd that the parent wants."""
    crowd = Crowd(kind, int(port), int(viewers), Tally(Path(tally)))
    say(joined=int(viewers), process=os.getpid())
    for line in sys.stdin:
        crowd.begin(json.loads(line)["watchers"])
        say(begun=True)
        say(**crowd.watch())


if __name__ == "__main__":
    main(*sys.argv[1:])
