"""Growth: maps of more and more agents, polled, and curves of what an event, a viewer and a moment cost."""

from scripts.bench import curve_of_past, curves
from scripts.bench.process import free_port, module
from scripts.bench.table import Scale, Table

_INTERVAL_SECONDS = 15
_REST_SECONDS = 45
"""Three polls of every source."""


def bench(scale: Scale, table: Table) -> None:
    """Measure the curves; let maps grow: of a tenth of the agents of the other benches to ten times as many."""
    curves.bench(scale, table)
    curve_of_past.bench(scale, table)
    for agents in (scale.agents // 10, scale.agents, scale.agents * 10):
        port = free_port()
        with module("world", agents, port) as world:
            world.hear()
            with module("grown", agents, _INTERVAL_SECONDS, _REST_SECONDS, port) as process:
                grown = process.hear()
        what = f"{agents:,} agents, polled"
        table.row(f"{what}: s until the map is whole", [grown["seconds"]])
        table.row(f"{what}: CPU s until then", [grown["cpu_seconds"]])
        table.row(f"{what}: longest turn of the loop until then, ms of its CPU", [grown["held_ms"]])
        table.row(f"{what}: the same with other threads of the map", [grown["held_by_all_ms"]])
        table.row(f"{what}: longest turn of the loop while nothing changes", [grown["rest_held_ms"]])
        table.row(f"{what}: cores while nothing changes", [grown["cores"]])
        table.row(f"{what}: MB", [grown["rest_mb"]])
        table.row(f"{what}: MB at most", [grown["peak_mb"]])
        if grown["errors"] or not grown["whole"]:
            table.note(f"{what}: not whole; {grown['errors']}")
