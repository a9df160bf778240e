"""The history through a real PgBouncer, and a database that changes its place."""

import asyncio
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import asyncpg
import pytest

from livingmap.history import Gap, HistoryUnavailable, Query, Retention
from livingmap.history.migrate import migrate
from livingmap.history.postgres import PostgresHistory
from tests.history.making import NOON, entry, seqs
from tests.support.pgbouncer import pgbouncer


@pytest.fixture(params=["session", "transaction"])
async def pooled(request, server, database):
    """The URL of an empty database behind a PgBouncer."""
    sockets = Path(parse_qs(urlsplit(server).query)["host"][0])
    async with pgbouncer(sockets, request.param) as port:
        yield f"postgresql://postgres@127.0.0.1:{port}{urlsplit(database).path}"


async def test_all_operations_work_through_a_pooler(pooled):
    histories = [PostgresHistory(pooled) for _ in range(2)]
    await asyncio.gather(*(history.open() for history in histories))
    for number in range(0, 400, 40):  # by one statement, and by COPY
        await histories[0].write([entry(number + one, event_type=f"a.{one % 3}") for one in range(30)])
        await histories[1].write([entry(1000 + number * 10 + one) for one in range(150)])
    pages = await asyncio.gather(
        *(history.read(Query(event_types=(f"a.{one % 3}", "a.*"))) for one in range(20) for history in histories)
    )
    assert all(page.entries for page in pages)
    await histories[0].record_gap(Gap("e1", 5000, 5001, NOON, NOON, "why"))
    assert await histories[1].last_seq("e1") == 5001
    assert seqs(await histories[1].entries_after(entry(3000).position, 3)) == [3001, 3002, 3003]
    await histories[0].prune(NOON, Retention(1))
    for history in histories:
        await history.close()


async def test_no_lock_stays_with_the_pooler(pooled, database):
    assert await migrate(pooled)
    assert await migrate(pooled) == []
    connection = await asyncpg.connect(database)
    assert await connection.fetch("SELECT pid FROM pg_locks WHERE locktype = 'advisory'") == []
    await connection.close()


async def test_after_a_failover_all_connections_are_made_anew(database):
    """The old primary keeps its clients and may only be read by them; new connections reach another."""
    history = PostgresHistory(database)
    await history.open()
    await asyncio.gather(*(history.write([entry(number)]) for number in range(5)))
    connection = await asyncpg.connect(database)
    name = await connection.fetchval("SELECT current_database()")
    await connection.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = off")
    await connection.execute("ALTER SYSTEM SET default_transaction_read_only = on")
    await connection.execute("SELECT pg_reload_conf()")
    other = await asyncpg.connect(database)
    try:
        await eventually_read_only(connection)
        with pytest.raises(HistoryUnavailable, match="ReadOnlySQLTransactionError"):
            await history.write([entry(6)])
        await asyncio.gather(*(history.write([entry(number)]) for number in range(10, 15)))
    finally:
        await other.execute("ALTER SYSTEM RESET default_transaction_read_only")
        await other.execute("SELECT pg_reload_conf()")
        await other.close()
        await connection.close()
        await history.close()


async def eventually_read_only(connection):
    while await connection.fetchval("SHOW default_transaction_read_only") != "on":  # noqa: ASYNC110
        await asyncio.sleep(0.005)
