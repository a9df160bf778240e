"""A map that is killed or asked to end again and again, at any moment, under load."""

import asyncio
import random
import signal
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import httpx

from tests.endurance.matrix.load import Publisher, meanwhile
from tests.endurance.matrix.network import network
from tests.support.map_process import MapProcess

_READY_SECONDS = 30
_END_SECONDS = 40


async def started(times: int, report: Callable[[str], None]) -> tuple[str, bool]:
    """Start a map so many times; return what was seen, and whether it was as it should be."""
    dice, ready_after, ended_after, wrong = random.Random(1), [], [], []
    with tempfile.TemporaryDirectory(prefix="livingmap-") as name:
        async with network(Path(name), 1) as net, meanwhile(Publisher().run(net, 50)):
            living = net.maps[0]

            def complain(number: int, fault: str) -> None:
                wrong.append(f"start {number}: {fault}; its log is in {net.keep_logs(f'start {number}')}")
                report(f"\n{wrong[-1]}\n")

            for number in range(times):
                began = time.monotonic()
                await living.start(until_ready=False)
                if dice.random() < 0.5:  # else it is stopped while it starts
                    fault = await _is_ready(living)
                    if fault:
                        complain(number, fault)
                    ready_after.append(time.monotonic() - began)
                else:
                    await asyncio.sleep(dice.random() * 2)
                began = time.monotonic()
                living.send(dice.choice((signal.SIGKILL, signal.SIGTERM, signal.SIGINT)))
                try:
                    async with asyncio.timeout(_END_SECONDS):
                        await living.ended()
                except TimeoutError:
                    complain(number, "did not end")
                    await living.kill()
                ended_after.append(time.monotonic() - began)
                report(f"\r{number + 1}/{times}, {len(wrong)} faults")
    text = (
        f"{times} starts under load: ready after {_spread(ready_after)}, ended after {_spread(ended_after)};"
        f" {'; '.join(wrong) or 'each was ready, each ended'}.\n"
    )
    return text, not wrong


async def _is_ready(living: MapProcess) -> str | None:
    """Wait until the map is ready; return what it says if it does not become so."""
    said: object = "nothing"
    end = time.monotonic() + _READY_SECONDS
    while time.monotonic() < end:
        if not living.runs:
            return f"ended by itself: {living.last_words()[-300:]}"
        try:
            said = await living.ready()
        except httpx.TransportError as error:
            said = repr(error)
        if isinstance(said, dict) and said["status"] == "ready":
            return None
        await asyncio.sleep(0.05)
    return f"not ready within {_READY_SECONDS} s: {said}"


def _spread(seconds: list[float]) -> str:
    ordered = sorted(seconds) or [0.0]
    return f"{ordered[len(ordered) // 2]:.1f} s (median; at most {ordered[-1]:.1f} s)"
