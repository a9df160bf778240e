"""A map of any size in a process of its own: when it is whole, how long its loop is held, and what it takes."""

import asyncio
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from livingmap import memory
from livingmap.app import LivingMap
from livingmap.history.memory import MemoryHistory
from livingmap.supervision import loop_factory
from scripts.bench.network import configuration
from scripts.bench.process import free_port, say

_BEAT_SECONDS: Final = 0.001
_LOOK_SECONDS: Final = 0.25
_MOST_SECONDS: Final = 600.0


class Heartbeat:
    """Notes how much CPU time passed between two beats of the loop: of its own thread, and of the whole process.

    Not by the wall clock: other programs do not count. All calls of one turn of the loop count together.
    """

    def __init__(self, beats: Callable[[float, Callable[[], None]], Any]) -> None:
        self.own = self.whole = 0.0
        """The longest since `report`."""
        self._call_later = beats
        self._last = time.thread_time(), time.process_time()
        self._beat()

    def report(self) -> dict[str, float]:
        """Return the longest in milliseconds since this was asked before."""
        report = {"held_ms": self.own * 1000, "held_by_all_ms": self.whole * 1000}
        self.own = self.whole = 0.0
        return report

    def _beat(self) -> None:
        own, whole = time.thread_time(), time.process_time()
        self.own = max(self.own, own - self._last[0])
        self.whole = max(self.whole, whole - self._last[1])
        self._last = own, whole
        self._call_later(_BEAT_SECONDS, self._beat)


def _is_whole(living: LivingMap, agents: int) -> bool:
    known = len(living.fold.scene.items("agents", "items"))
    return known >= agents and all(poller.state.observed_at for poller in living.pollers.values())


def _resident_mb() -> float:
    pages = Path("/proc/self/statm").read_text().split()[1]
    return int(pages) * resource.getpagesize() / 2**20


def _peak_mb() -> float:
    """Return the most that this program held: `getrusage` counts what the one held that started it."""
    lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(lines["VmHWM"].split()[0]) / 1024


async def _grow(agents: int, interval: float, idle_seconds: float, world_port: int | None) -> None:
    began, cpu = time.perf_counter(), time.process_time()
    config = configuration(
        agents, interval, world_port, server={"host": "127.0.0.1", "port": free_port()}, history={"url": "memory:"}
    )
    living = LivingMap(config, MemoryHistory(100))
    heartbeat = Heartbeat(asyncio.get_running_loop().call_later)
    running = asyncio.create_task(living.run())
    while not _is_whole(living, agents) and time.perf_counter() - began < _MOST_SECONDS:
        await asyncio.sleep(_LOOK_SECONDS)
        if running.done():
            running.result()
    whole = {
        "whole": _is_whole(living, agents),
        "seconds": time.perf_counter() - began,
        "cpu_seconds": time.process_time() - cpu,
        **heartbeat.report(),
        "mb": _resident_mb(),
        "errors": {name: poller.state.error for name, poller in living.pollers.items() if poller.state.error},
    }
    await asyncio.sleep(min(interval, idle_seconds))  # what followed the first poll
    heartbeat.report()
    resting, cpu, position = time.perf_counter(), time.process_time(), living.log.position.seq
    await asyncio.sleep(idle_seconds)
    rest = {
        "cores": (time.process_time() - cpu) / (time.perf_counter() - resting),
        **{f"rest_{name}": value for name, value in heartbeat.report().items()},
        "entries": living.log.position.seq - position,
        "polls": {name: poller.state.polls for name, poller in living.pollers.items()},
        "rest_mb": _resident_mb(),
        "peak_mb": _peak_mb(),
    }
    say(**whole, **rest)
    running.cancel()


def main(agents: int, interval: float, idle_seconds: float, world_port: int | None = None) -> None:
    """Let a map grow, and rest. Its network is simulated by the process at ``world_port``, or in this one."""
    memory.set_up()
    memory.settle()  # as `livingmap serve` does
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(_grow(agents, interval, idle_seconds, world_port))


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3]), *map(int, sys.argv[4:]))
