"""Maps of more and more agents, polled: when each is whole, how long its loop is held, what it takes at rest."""

from scripts.bench.process import module
from scripts.bench.table import Scale, Table

_INTERVAL_SECONDS = 15
_REST_SECONDS = 45
"""Three polls of every source."""


def bench(scale: Scale, table: Table) -> None:
    """Let maps grow: of a tenth of the agents of the other benches, of as many, and of ten times as many."""
    for agents in (scale.agents // 10, scale.agents, scale.agents * 10):
        with module("grown", agents, _INTERVAL_SECONDS, _REST_SECONDS) as process:
            grown = process.hear()
        what = f"{agents:,} agents, polled"
        table.row(f"{what}: s until the map is whole", [grown["seconds"]])
        table.row(f"{what}: CPU s until then", [grown["cpu_seconds"]])
        table.row(f"{what}: longest hold of the loop until then, ms of CPU", [grown["held_ms"]])
        table.row(f"{what}: the same while nothing changes", [grown["rest_held_ms"]])
        table.row(f"{what}: cores while nothing changes", [grown["cores"]])
        table.row(f"{what}: MB", [grown["rest_mb"]])
        if grown["errors"] or not grown["whole"]:
            table.note(f"{what}: not whole; {grown['errors']}")
