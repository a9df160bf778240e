"""What may happen to each thing that the map depends on. A fault begins, lasts, and ends."""

import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from livingmap.history import migrate
from tests.endurance.matrix.network import Network, stuck_pipe

Disturb = Callable[[Network], AbstractAsyncContextManager[None]]
_EVERY = (1, 3)


@dataclass(frozen=True, slots=True)
class Fault:
    """One cell of the matrix: what happens to what, in a map of how many processes."""

    of: str
    name: str
    disturb: Disturb
    processes: tuple[int, ...] = _EVERY
    at_start: bool = False
    """The map starts while it lasts."""
    all_ready: bool = True
    """Every process of the map has to say that it is ready all the while."""


FAULTS: list[Fault] = []


def fault(
    of: str, name: str, *, processes: tuple[int, ...] = _EVERY, at_start: bool = False, all_ready: bool = True
) -> Callable[[Callable[[Network], AsyncIterator[None]]], Callable[[Network], AsyncIterator[None]]]:
    """Register a generator that begins a fault, yields while it lasts, and ends it."""

    def register(generator: Callable[[Network], AsyncIterator[None]]) -> Callable[[Network], AsyncIterator[None]]:
        FAULTS.append(Fault(of, name, asynccontextmanager(generator), processes, at_start, all_ready))
        return generator

    return register


@fault("nothing", "undisturbed")
async def nothing(_: Network) -> AsyncIterator[None]:
    yield


# NATS: one server of three, by what it leads


def _of_server(of: str, stream: str | None) -> None:
    async def which(network: Network) -> str:
        return await network.leader(stream) if stream else await network.follower()

    @fault(of, "killed", processes=(3,), all_ready=False)
    async def killed(network: Network) -> AsyncIterator[None]:
        server = network.nats[await which(network)]
        await server.kill()
        yield
        await server.start()

    @fault(of, "paused", processes=(3,), all_ready=False)
    async def paused(network: Network) -> AsyncIterator[None]:
        server = network.nats[await which(network)]
        server.freeze()
        yield
        server.thaw()


_of_server("a NATS server that leads nothing", None)
_of_server("the NATS server that leads the stream", "LIVINGMAP")
_of_server("the NATS server that leads the bucket", "KV_LIVINGMAP")


# NATS as a whole


@fault("NATS", "absent at the start", at_start=True, all_ready=False)
async def nats_absent(network: Network) -> AsyncIterator[None]:
    for server in network.nats.values():
        await server.kill()
    yield
    for server in network.nats.values():
        await server.start()


@fault("NATS", "killed", all_ready=False)
async def nats_killed(network: Network) -> AsyncIterator[None]:
    for server in network.nats.values():
        await server.kill()
    yield
    for server in network.nats.values():
        await server.start()


@fault("NATS", "paused", all_ready=False)
async def nats_paused(network: Network) -> AsyncIterator[None]:
    for server in network.nats.values():
        server.freeze()
    yield
    for server in network.nats.values():
        server.thaw()


@fault("the way to NATS", "refusing", all_ready=False)
async def nats_refusing(network: Network) -> AsyncIterator[None]:
    for relay in network.nats_relays.values():
        relay.cut()
    yield
    for relay in network.nats_relays.values():
        relay.mend()


@fault("the way to NATS", "silent", all_ready=False)
async def nats_silent(network: Network) -> AsyncIterator[None]:
    for relay in network.nats_relays.values():
        relay.hold()
    yield
    for relay in network.nats_relays.values():
        relay.let_go()


@fault("the way to NATS", "silent at the start", at_start=True, all_ready=False)
async def nats_silent_at_the_start(network: Network) -> AsyncIterator[None]:
    for relay in network.nats_relays.values():
        relay.hold()
    yield
    for relay in network.nats_relays.values():
        relay.let_go()


@fault("the way to NATS", "slow (64 KiB/s)", all_ready=False)
async def nats_slow(network: Network) -> AsyncIterator[None]:
    for relay in network.nats_relays.values():
        relay.bytes_per_second = 64 * 1024
    yield
    for relay in network.nats_relays.values():
        relay.bytes_per_second = None


# PostgreSQL


@fault("PostgreSQL", "absent at the start", at_start=True)
async def postgres_absent(network: Network) -> AsyncIterator[None]:
    await network.postgres.stop()
    yield
    await network.postgres.start()


@fault("PostgreSQL", "killed")
async def postgres_killed(network: Network) -> AsyncIterator[None]:
    await network.postgres.crash()
    yield
    await network.postgres.start()


@fault("PostgreSQL", "read-only")
async def postgres_read_only(network: Network) -> AsyncIterator[None]:
    await _read_only(network, "on")
    yield
    await _read_only(network, "off")


async def _read_only(network: Network, value: str) -> None:
    """Make new transactions read-only, as those of a standby are, or not; throw out whoever is connected."""
    connection = await asyncpg.connect(network.postgres.url)
    try:
        await connection.execute("SET default_transaction_read_only = off")
        await connection.execute(f"ALTER DATABASE postgres SET default_transaction_read_only = {value}")
        await connection.execute(_THROW_OUT)
    finally:
        await connection.close()


_THROW_OUT = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
"""


@fault("the way to PostgreSQL", "refusing")
async def postgres_refusing(network: Network) -> AsyncIterator[None]:
    network.postgres_relay.cut()
    yield
    network.postgres_relay.mend()


@fault("the way to PostgreSQL", "silent")
async def postgres_silent(network: Network) -> AsyncIterator[None]:
    network.postgres_relay.hold()
    yield
    network.postgres_relay.let_go()


@fault("the way to PostgreSQL", "silent at the start", at_start=True)
async def postgres_silent_at_the_start(network: Network) -> AsyncIterator[None]:
    network.postgres_relay.hold()
    yield
    network.postgres_relay.let_go()


@fault("the way to PostgreSQL", "slow (32 KiB/s)")
async def postgres_slow(network: Network) -> AsyncIterator[None]:
    network.postgres_relay.bytes_per_second = 32 * 1024
    yield
    network.postgres_relay.bytes_per_second = None


@fault("PostgreSQL", "with its migrations locked at the start", at_start=True)
async def postgres_locked(network: Network) -> AsyncIterator[None]:
    connection = await asyncpg.connect(network.postgres.url)
    await connection.execute("SELECT pg_advisory_lock($1)", migrate.LOCK)
    yield
    await connection.close()


# one service


def _of_service(name: str, mode: str) -> None:
    @fault("one service", name)
    async def misbehaves(network: Network) -> AsyncIterator[None]:
        network.weather.mode = mode
        yield
        network.weather.mode = "well"


for _name, _mode in (("silent", "hang"), ("slow", "drip"), ("failing", "500"), ("talking nonsense", "noise")):
    _of_service(_name, _mode)


@fault("one service", "absent at the start", at_start=True)
async def service_absent(network: Network) -> AsyncIterator[None]:
    await network.weather.kill()
    yield
    await network.weather.start()


# the map itself


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


# where the log lines go


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
