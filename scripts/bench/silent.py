"""What viewers that never read cost those who do: the same map with and without them, in turn."""

import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from scripts.bench.crowd import join
from scripts.bench.events import Tally
from scripts.bench.fanout import Contender, Outcome
from scripts.bench.process import free_port, module
from scripts.bench.table import Scale, Table

_AGENTS: Final = 20
_READING: Final = 50
_RECEIVED_BYTES: Final = 4096
"""As little as a kernel takes for who does not read: what is sent waits at the map."""
_MEASURES: Final[dict[str, Callable[[Outcome], float]]] = {
    "p50 ms": lambda one: one.p50_ms,
    "p99 ms": lambda one: one.p99_ms,
    "server CPU µs per event": lambda one: one.cpu / one.sent * 1e6,
}


@dataclass(frozen=True, slots=True)
class _Load:
    """What is published to how many viewers that never read."""

    silent: int
    per_second: int
    text_bytes: int = 0
    """0: small events that change nothing."""

    def __str__(self) -> str:
        text = f" that change agents, {self.text_bytes / 1000:g} kB each" if self.text_bytes else ""
        return f"{_READING} viewers beside {self.silent} that never read, {self.per_second} ev/s{text}"


_LOADS: Final = (_Load(200, 50), _Load(50, 400, 2000))


def bench(scale: Scale, table: Table) -> None:
    """Measure the readers' latency alone, and beside as many silent ones as are behind."""
    for load in _LOADS:
        _measure(load, scale, table)


def _measure(load: _Load, scale: Scale, table: Table) -> None:
    alone: list[Outcome] = []
    beside: list[Outcome] = []
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        port, tally = free_port(), Path(folder) / "map"
        Tally.make(tally)
        server = stack.enter_context(module("servers", "map", port, tally, _AGENTS, load.text_bytes or ""))
        contender = Contender("map", port, tally, server, server)
        crowd = stack.enter_context(contender.gather(_READING))
        for number in range(2 * scale.rounds):
            silent = [join("map", port, _RECEIVED_BYTES) for _ in range(load.silent if number % 2 else 0)]
            # The silent fall behind: at full speed, or, where readers could fall behind too, as measured.
            contender.run(crowd, load.per_second if load.text_bytes else 0, scale.seconds, _READING)
            server.rest()  # until the history has all of these
            outcome = contender.run(crowd, load.per_second, scale.seconds, _READING)
            (beside if silent else alone).append(outcome)
            for one in silent:
                one.close()
    for name, of in _MEASURES.items():
        table.row(f"{load}: {name}", [*map(of, beside)], {"without those": [*map(of, alone)]})
