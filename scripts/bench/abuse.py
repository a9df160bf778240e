"""What clients that nobody has let in cost the others: latency and memory of a map with and without them."""

import asyncio
import sysconfig
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from statistics import quantiles
from typing import Final

import jwt
import yaml

from livingmap import supervision
from scripts.bench.abuser import KINDS
from scripts.bench.process import Process, free_port, module, wait_for
from scripts.bench.table import Scale, Table

_AGENTS: Final = 1000
_CLIENTS: Final = 20
_PER_SECOND: Final = 400
_MB: Final = 1_000_000
_SECRET: Final = "a secret that is long enough for HS256, and for nothing else"  # noqa: S105 - of this bench alone
_PATHS: Final = ("/living-map/health/ready", "/living-map/snapshot?layers=agents", "/living-map/entities?limit=50")
_FAMILIES: Final = ("agents", "microdao", "dao", "space", "messaging", "city")
_NAMES: Final = {
    "header": "50 MiB of one header, again and again",
    "headers": "100 MB of small headers, again and again",
    "silent": "300 connections that say nothing",
    "pings": "floods of pings on the stream",
    "logins": "100 wrong credentials a second",
    "slow": "60 snapshots and 60 streams that nobody reads",
    "junk": "100 connections a second that do not speak HTTP",
}


def bench(scale: Scale, table: Table) -> None:
    """Measure each kind of abuse."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        port, file = free_port(), Path(folder) / "map.yaml"
        file.write_text(yaml.safe_dump(_configuration(port)))
        program = Path(sysconfig.get_path("scripts")) / "livingmap"
        server = stack.enter_context(Process(program, "serve", "--config", file, quiet=True))
        wait_for(port)
        seconds = scale.seconds / 2
        _measured(port, scale.seconds)  # what is made once
        for kind in KINDS:
            before, beside, alone, grown = server.resident_bytes(), [], [], []
            for _ in range(2 * scale.rounds):
                alone.append(_measured(port, seconds))
                with module("abuser", kind, port) as abuser:
                    abuser.hear()
                    beside.append(_measured(port, seconds))
                    grown.append(max(0, server.resident_bytes() - before) / _MB)
            table.row(f"{_NAMES[kind]}: p99 ms of other clients", beside, {"without": alone})
            table.row(f"{_NAMES[kind]}: MB more", grown)


def _configuration(port: int) -> dict[str, object]:
    return {
        "server": {"port": port, "trusted_proxies": []},
        "logging": {"level": "error"},
        "history": {"url": "memory:"},
        "auth": {"mode": "daarion", "public_mode": "full", "authenticator": {"secret": _SECRET}},
        "mock": {"agents": _AGENTS, "events_per_second": 20},
        "sources": {name: {"mock": True, "interval_seconds": 86_400} for name in _FAMILIES},
    }


def _measured(port: int, seconds: float) -> float:
    """Return the p99 of the time from when a request was due until its answer was there, in ms."""
    return float(quantiles(supervision.run(_latencies(port, seconds)), n=100)[98] * 1000)


async def _latencies(port: int, seconds: float) -> list[float]:
    begins = time.perf_counter() + 0.2
    several = await asyncio.gather(
        *(_client(port, begins + number / _PER_SECOND, begins + seconds) for number in range(_CLIENTS))
    )
    return [one for latencies in several for one in latencies]


async def _client(port: int, due: float, until: float) -> list[float]:
    """Ask at a fixed rate, whatever that takes, on one connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 24)
    requests = [_request(path) for path in _PATHS]
    latencies: list[float] = []
    while due < until:
        await asyncio.sleep(due - time.perf_counter())
        writer.write(requests[len(latencies) % len(requests)])
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(f"refused: {head[:200]!r}")
        length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        await reader.readexactly(int(length.partition(b":")[2]))
        latencies.append(time.perf_counter() - due)
        due += _CLIENTS / _PER_SECOND
    writer.close()
    return latencies


def _request(path: str) -> bytes:
    now = int(time.time())
    claims = {
        "sub": "u-1",
        "type": "access",
        "iss": "daarion-auth",
        "iat": now,
        "exp": now + 7200,
        "roles": ["user"],
    }
    bearer = jwt.encode(claims, _SECRET, "HS256")
    return f"GET {path} HTTP/1.1\r\nHost: map\r\nAuthorization: Bearer {bearer}\r\n\r\n".encode()
