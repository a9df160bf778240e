"""What viewers that never read cost those who do: the same map with and without them, in turn."""

import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from scripts.bench.crowd import join
from scripts.bench.events import Tally
from scripts.bench.fanout import Contender, Outcome
from scripts.bench.process import free_port, module
from scripts.bench.table import Scale, Table

_AGENTS: Final = 20
_READING: Final = 50
_SILENT: Final = 200
_PER_SECOND: Final = 50
_RECEIVED_BYTES: Final = 4096
"""As little as a kernel takes for who does not read: what is sent waits at the map."""


def bench(scale: Scale, table: Table) -> None:
    """Measure the readers' latency alone, and beside as many silent ones as are behind."""
    alone: list[Outcome] = []
    beside: list[Outcome] = []
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        port, tally = free_port(), Path(folder) / "map"
        Tally.make(tally)
        server = stack.enter_context(module("servers", "map", port, tally, _AGENTS))
        contender = Contender("map", port, tally, server, server)
        crowd = stack.enter_context(contender.gather(_READING))
        for number in range(2 * scale.rounds):
            silent = [join("map", port, _RECEIVED_BYTES) for _ in range(_SILENT if number % 2 else 0)]
            contender.run(crowd, 0, scale.seconds / 2, _READING)  # at full speed: the silent fall behind
            outcome = contender.run(crowd, _PER_SECOND, scale.seconds, _READING)
            (beside if silent else alone).append(outcome)
            for one in silent:
                one.close()
    what = f"{_READING} viewers beside {_SILENT} that never read, {_PER_SECOND} ev/s"
    for name in ("p50_ms", "p99_ms"):
        ours, theirs = ([getattr(one, name) for one in found] for found in (beside, alone))
        table.row(f"{what}: {name.replace('_', ' ')}", ours, {"without those": theirs})
