"""One process against several: the same viewers and events, all maps on one core and all viewers on another."""

import tempfile
from collections import defaultdict
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from scripts.bench.chain import connected
from scripts.bench.events import Tally
from scripts.bench.fanout import nats_server, published_aside
from scripts.bench.process import Process, free_port, module, wait_for
from scripts.bench.table import Scale, Table

_SUBJECT: Final = "agent.event.status"
_AGENTS: Final = 200
_RATE: Final = 200
_PROCESSES: Final = (1, 2, 4)
_CROWDS: Final = (4, 16)
"""So many programs read, as so many cores full of viewers would."""
_WATCHERS: Final = 12
_SERVERS_CORE: Final = 0
_OTHERS_CORE: Final = 1


@dataclass
class _Outcome:
    cpu: float
    """Of all maps, in seconds for a million deliveries."""
    p50_ms: float
    p99_ms: float
    """Of the crowd that had to wait longest."""


def bench(scale: Scale, table: Table) -> None:
    """Measure so many processes in turn, with a few crowds and with many."""
    for crowds in _CROWDS:
        outcomes: dict[int, list[_Outcome]] = defaultdict(list)
        missing = 0
        for _ in range(scale.rounds):
            for processes in _PROCESSES:
                outcome, lost = _measured(processes, crowds, scale)
                outcomes[processes].append(outcome)
                missing += lost
        for processes in _PROCESSES[1:]:
            what = f"{scale.viewers:,} viewers in {crowds} programs, {_RATE} ev/s, {processes} processes"
            _tell(what, outcomes[processes], outcomes[1], table)
        if missing:
            table.note(f"processes, {crowds} programs: {missing:,} deliveries missing")


def _tell(what: str, ours: list[_Outcome], alone: list[_Outcome], table: Table) -> None:
    for measure, name in (
        ("cpu", "CPU s of all per million deliveries"),
        ("p50_ms", "p50 ms"),
        ("p99_ms", "p99 ms"),
    ):
        own, other = ([getattr(one, measure) for one in outcomes] for outcomes in (ours, alone))
        table.row(f"{what}: {name}", own, {"one process": other})


def _measured(processes: int, crowds: int, scale: Scale) -> tuple[_Outcome, int]:
    """Return what came of one spell, and how many deliveries did not come."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder, nats_port, own = Path(name), free_port(), scale.viewers // crowds
        unused = folder / "unused"
        Tally.make(unused)
        stack.enter_context(nats_server(folder, nats_port, free_port())).pin(_OTHERS_CORE)
        ports = [free_port() for _ in range(processes)]
        servers = [
            stack.enter_context(module("servers", "member", port, unused, _AGENTS, nats_port)) for port in ports
        ]
        for server, port in zip(servers, ports, strict=True):
            server.pin(_SERVERS_CORE)
            wait_for(port)
            connected(server)
        publisher = stack.enter_context(published_aside("nats", nats_port, unused, _SUBJECT)).pin(_OTHERS_CORE)
        tallies = [folder / f"crowd{number}" for number in range(crowds)]
        readers: list[Process] = []
        for number, tally in enumerate(tallies):
            Tally.make(tally)
            reader = module("crowd", "map", ports[number % processes], own, tally).pin(_OTHERS_CORE)
            readers.append(stack.enter_context(reader))
            reader.hear()
        for server in servers:
            server.rest()
        for reader in readers:
            reader.ask(watchers=_WATCHERS)
        before = sum(server.cpu_seconds() for server in servers)
        sent = publisher.ask(rate=_RATE, seconds=scale.seconds, viewers=scale.viewers)["sent"]
        for tally in tallies:
            Tally(tally).expected = sent * own
        seen = [reader.hear() for reader in readers]
        cpu = sum(server.cpu_seconds() for server in servers) - before
        delivered = sum(one["delivered"] for one in seen)
        outcome = _Outcome(
            cpu / delivered * 1e6, max(one["p50_ms"] for one in seen), max(one["p99_ms"] for one in seen)
        )
        return outcome, sent * own * crowds - delivered
