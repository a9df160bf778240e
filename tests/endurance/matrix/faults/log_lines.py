"""Faults of where the log lines go."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

from tests.endurance.matrix.fault import fault
from tests.endurance.matrix.network import Network, stuck_pipe


@fault("the log file", "on a full disk", at_start=True)
async def log_full(network: Network) -> AsyncIterator[None]:
    with Path("/dev/full").open("wb", buffering=0) as full:  # noqa: ASYNC230 - opened at once
        for living in network.maps:
            living.output = full.fileno()
        yield


@fault("the log file", "whose reader is stuck", at_start=True)
async def log_stuck(network: Network) -> AsyncIterator[None]:
    reading, writing = stuck_pipe()
    for living in network.maps:
        living.output = writing
    yield
    os.close(writing)
    os.close(reading)


@fault("the log file", "whose reader has gone", at_start=True)
async def log_gone(network: Network) -> AsyncIterator[None]:
    reading, writing = os.pipe()
    os.close(reading)
    for living in network.maps:
        living.output = writing
    yield
    os.close(writing)
