"""Faults of PostgreSQL and of the way there."""

from collections.abc import AsyncIterator

import asyncpg

from livingmap.history import migrate
from tests.endurance.matrix.fault import fault
from tests.endurance.matrix.faults.ways import of_way
from tests.endurance.matrix.network import Network


@fault("PostgreSQL", "absent at the start", at_start=True)
@fault("PostgreSQL", "killed")
async def postgres_killed(network: Network) -> AsyncIterator[None]:
    await network.postgres.crash()
    yield
    await network.postgres.start()


@fault("PostgreSQL", "paused")
async def postgres_paused(network: Network) -> AsyncIterator[None]:
    network.postgres.freeze()
    yield
    network.postgres.thaw()


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


@fault("PostgreSQL", "with its migrations locked at the start", at_start=True)
async def postgres_locked(network: Network) -> AsyncIterator[None]:
    connection = await asyncpg.connect(network.postgres.url)
    await connection.execute("SELECT pg_advisory_lock($1)", migrate.LOCK)
    yield
    await connection.close()


of_way("PostgreSQL", lambda network: [network.postgres_relay], slow_kib_per_second=32)
