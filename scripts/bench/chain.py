"""End to end: from NATS through the fold into PostgreSQL and to viewers, compared with nats-server alone."""

import asyncio
import tempfile
import time
from collections import defaultdict
from contextlib import ExitStack
from pathlib import Path
from typing import Final, Self

import asyncpg

from scripts.bench.events import Tally
from scripts.bench.fanout import Contender, Outcome, nats_server, published_aside
from scripts.bench.process import Process, free_port, module, wait_for
from scripts.bench.table import Scale, Table

_SUBJECT: Final = "agent.event.status"
_VIEWERS: Final = 200
_AGENTS: Final = 200
_PATIENCE_SECONDS: Final = 30
_NAME: Final = "nats-server's WebSocket alone"


def bench(scale: Scale, table: Table) -> None:
    """Publish as fast as all viewers get it, to both in turn."""
    outcomes: dict[str, list[Outcome]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        folder.chmod(0o755)  # PostgreSQL is another account when this is root
        living = stack.enter_context(_Living(folder))
        contenders = [living.contender, _alone(folder, stack)]
        crowds = [stack.enter_context(one.gather(_VIEWERS)) for one in contenders]
        for _ in range(scale.rounds):
            for contender, crowd in zip(contenders, crowds, strict=True):
                outcomes[contender.kind].append(contender.run(crowd, 0, scale.seconds, _VIEWERS))
        sent = sum(one.sent for one in outcomes["map"])
        kept = asyncio.run(_kept(living.url, sent))
    ours, theirs = outcomes["map"], outcomes["nats"]
    what = f"NATS → fold → PostgreSQL → {_VIEWERS} viewers"
    table.row(f"{what}: events/s", _rates(ours), {_NAME: _rates(theirs)})
    table.row(f"{what}: server CPU µs per event", _busy(ours), {_NAME: _busy(theirs)})
    astray = sum(one.astray for one in ours)
    table.note(f"{what}: of {sent:,} events {kept:,} are in the history; {astray} were seen out of order")


class _Living:
    """The map with a nats-server in front of it and a PostgreSQL behind it."""

    def __init__(self, folder: Path) -> None:
        self._stack = ExitStack()
        port, nats_port, tally_file = free_port(), free_port(), folder / "map"
        Tally.make(tally_file)
        self._stack.enter_context(nats_server(folder, nats_port, free_port()))
        arguments = (port, tally_file, _AGENTS, nats_port, folder / "postgres")
        server = self._stack.enter_context(module("servers", "chain", *arguments))
        wait_for(port)
        self.url = connected(server)
        publisher = self._stack.enter_context(published_aside("nats", nats_port, tally_file, _SUBJECT))
        self.contender = Contender("map", port, tally_file, server, publisher)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()


def connected(server: Process) -> str:
    """Return where the history is, once the map hears what is published."""
    until = time.monotonic() + _PATIENCE_SECONDS
    while not (told := server.ask())["connected"]:
        if time.monotonic() > until:
            raise TimeoutError("the map did not connect to NATS")
        time.sleep(0.1)
    return str(told["url"])


def _alone(folder: Path, stack: ExitStack) -> Contender:
    port, nats_port, tally_file = free_port(), free_port(), folder / "nats"
    Tally.make(tally_file)
    server = stack.enter_context(nats_server(folder, nats_port, port))
    publisher = stack.enter_context(published_aside("nats", nats_port, tally_file, _SUBJECT))
    return Contender("nats", port, tally_file, server, publisher)


async def _kept(url: str, sent: int) -> int:
    """Return how many events the history holds, once it holds all or no more come."""
    connection = await asyncpg.connect(url)
    try:
        until, kept = time.monotonic() + _PATIENCE_SECONDS, 0
        while kept < sent and time.monotonic() < until:
            await asyncio.sleep(0.2)
            kept = await connection.fetchval(
                "SELECT count(*) FROM living_map_history WHERE event_type = $1", _SUBJECT
            )
        return kept
    finally:
        await connection.close()


def _rates(found: list[Outcome]) -> list[float]:
    return [one.sent / one.seconds for one in found]


def _busy(found: list[Outcome]) -> list[float]:
    return [one.cpu / one.sent * 1e6 for one in found]
