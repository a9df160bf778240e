"""Faults of a PgBouncer in transaction mode before PostgreSQL, of the way there, and of PostgreSQL behind it."""

from collections.abc import AsyncIterator

from tests.endurance.matrix.fault import fault
from tests.endurance.matrix.faults.postgres import postgres_killed, postgres_read_only
from tests.endurance.matrix.faults.ways import of_way
from tests.endurance.matrix.network import Network, Part


@fault("PgBouncer", "absent at the start", Part.POOLER, at_start=True)
@fault("PgBouncer", "killed", Part.POOLER)
async def pooler_killed(network: Network) -> AsyncIterator[None]:
    await network.pooler.kill()
    yield
    await network.pooler.start()


@fault("PgBouncer", "paused", Part.POOLER)
async def pooler_paused(network: Network) -> AsyncIterator[None]:
    network.pooler.freeze()
    yield
    network.pooler.thaw()


of_way("PgBouncer", lambda network: [network.postgres_relay], Part.POOLER, slow_kib_per_second=32)
fault("PostgreSQL behind PgBouncer", "absent at the start", Part.POOLER, at_start=True)(postgres_killed)
fault("PostgreSQL behind PgBouncer", "killed", Part.POOLER)(postgres_killed)
fault("PostgreSQL behind PgBouncer", "read-only", Part.POOLER)(postgres_read_only)
