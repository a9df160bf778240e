"""Faults of the map itself: of the process that leads, which is the worst to lose."""

import signal
from collections.abc import AsyncIterator

from tests.endurance.matrix.fault import fault
from tests.endurance.matrix.network import Network


@fault("the leading process", "killed", all_ready=False)
async def map_killed(network: Network) -> AsyncIterator[None]:
    living = network.leading()
    await living.kill()
    yield
    await living.start(until_ready=False)


@fault("the leading process", "stopped in order", all_ready=False)
async def map_stopped(network: Network) -> AsyncIterator[None]:
    living = network.leading()
    await living.terminate()
    yield
    await living.start(until_ready=False)


@fault("the leading process", "paused", all_ready=False)
async def map_paused(network: Network) -> AsyncIterator[None]:
    living = network.leading()
    living.send(signal.SIGSTOP)
    yield
    living.send(signal.SIGCONT)
