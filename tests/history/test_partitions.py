"""The history in PostgreSQL: a partition a day, narrow rows, and the columns of the specification for others."""

import asyncio
import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import asyncpg
import pytest

from livingmap.core.model import Position
from livingmap.history import Gap, PruningRefused, Query, Retention, partitions
from livingmap.history.postgres import PostgresHistory
from tests.history.making import NOON, entry, seqs

DAY = timedelta(days=1)
TABLES = (
    "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'living_map_entries'::regclass ORDER BY 1"
)


@pytest.fixture
async def connection(postgres, database):
    opened = await asyncpg.connect(database)
    yield opened
    await opened.close()


async def tables(connection):
    return [row[0].removeprefix("living_map_entries_") for row in await connection.fetch(TABLES)]


async def counted(connection):
    """Return how many entries each day has, as it is noted and as it is."""
    noted = dict(await connection.fetch("SELECT day, sum(entries)::int FROM living_map_days GROUP BY day"))
    actual = dict(
        await connection.fetch(
            "SELECT living_map_day(timestamp), count(*)::int FROM living_map_entries GROUP BY 1"
        )
    )
    return {day: number for day, number in noted.items() if number}, actual


async def test_each_day_has_a_partition_and_the_next_one_is_made_ahead(postgres, connection):
    await postgres.write([entry(1), entry(2, received_at=NOON - DAY)])
    assert await tables(connection) == ["20251123", "20251124", "20251125", "odd"]
    assert await connection.fetchval("SELECT count(*) FROM living_map_entries_20251123") == 1
    assert await connection.fetchval("SELECT count(*) FROM living_map_entries_odd") == 0
    noted, actual = await counted(connection)
    assert noted == actual == {date(2025, 11, 23): 1, date(2025, 11, 24): 1}


async def test_odd_times_are_kept_and_read(postgres, connection):
    odd = [datetime(1, 1, 1, tzinfo=UTC), datetime(1969, 12, 31, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)]
    odd.append(datetime.max.replace(tzinfo=UTC))
    await postgres.write([entry(seq, received_at=time) for seq, time in enumerate(odd, 1)])
    await postgres.write([entry(9)])
    assert seqs((await postgres.read(Query())).entries) == [4, 3, 9, 2, 1]
    assert seqs(await postgres.entries_from(None, 9)) == [1, 2, 9, 3, 4]
    assert seqs(await postgres.entries_after(Position("e1", 1), 9)) == [2, 3, 4, 9]
    assert (await postgres.read(Query())).oldest_available == odd[0]
    assert await tables(connection) == ["20251124", "20251125", "odd"]
    assert await postgres.prune(odd[-1], Retention(1)) == 4
    assert await postgres.prune(NOON + 400 * DAY, Retention(1)) == 0
    noted, actual = await counted(connection)
    assert noted == actual


async def test_entries_that_span_many_days_are_read_by_pages(postgres):
    times = [NOON - age * 3 * DAY for age in range(60)]
    await postgres.write([entry(60 - age, f"a.b{age % 3}", received_at=time) for age, time in enumerate(times)])
    seen, query = [], Query(limit=7)
    while True:
        page = await postgres.read(query)
        seen += seqs(page.entries)
        if page.next is None:
            break
        query = replace(query, before=page.next)
    assert seen == [*range(60, 0, -1)]
    assert seqs((await postgres.read(Query(event_types=("a.b0",), limit=100))).entries) == [*range(60, 0, -3)]
    assert seqs(await postgres.entries_after(Position("e1", 10), 30)) == [*range(11, 41)]
    assert seqs(await postgres.entries_from(entry(20, received_at=times[40]).mark, 5)) == [21, 22, 23, 24, 25]
    assert (await postgres.newest_at(times[30] + DAY)).position.seq == 30


async def test_a_day_that_was_not_there_when_its_rows_came_gets_them_with_its_partition(postgres, connection):
    yesterday = (datetime.now(UTC) - DAY).replace(microsecond=0)
    insert = "INSERT INTO living_map_history (timestamp, event_type, payload) VALUES ($1, 'by.hand', '{}')"
    await connection.execute(insert, yesterday)
    assert await connection.fetchval("SELECT count(*) FROM living_map_entries_odd") == 1
    await postgres.write([entry(1, received_at=yesterday)])
    assert await connection.fetchval("SELECT count(*) FROM living_map_entries_odd") == 0
    assert len((await postgres.read(Query())).entries) == 2


async def test_a_partition_that_cannot_be_made_now_keeps_nobody_from_writing(postgres, database, connection):
    async with connection.transaction():
        await connection.execute(
            "LOCK TABLE living_map_entries_odd IN ACCESS SHARE MODE"
        )  # a long SELECT of another
        await postgres.write([entry(1)])
    assert await tables(connection) == ["odd"]
    other = PostgresHistory(database)
    await other.open()
    await other.write([entry(2)])
    await other.close()
    assert await connection.fetchval("SELECT count(*) FROM living_map_entries_20251124") == 2
    assert seqs((await postgres.read(Query())).entries) == [2, 1]


async def test_whole_days_are_dropped_and_types_are_deleted_row_by_row(postgres, connection):
    for age in range(6):
        await postgres.write(
            [
                entry(100 - 2 * age, "a.short", received_at=NOON - age * DAY),
                entry(101 - 2 * age, "a.long", received_at=NOON - age * DAY),
            ]
        )
    retention = Retention(3.4, {"a.short": 1.4}, most_share=0.5)
    with pytest.raises(PruningRefused, match="6 of 12 entries"):
        await postgres.prune(NOON, replace(retention, most_share=0.49))
    assert await postgres.prune(NOON, retention) == 6
    assert await tables(connection) == ["20251121", "20251122", "20251123", "20251124", "20251125", "odd"]
    assert await postgres.prune(NOON + 0.6 * DAY, retention) == 2
    assert await tables(connection) == ["20251122", "20251123", "20251124", "20251125", "odd"]
    noted, actual = await counted(connection)
    assert noted == actual
    assert await connection.fetchval("SELECT count(*) FROM pg_class WHERE relname LIKE 'living_map_dropped%'") == 0
    assert await postgres.last_seq("e1") == 101


async def test_a_day_from_which_all_was_deleted_is_dropped(postgres, connection):
    await postgres.write([entry(1, "a.short", received_at=NOON - 9 * DAY), entry(2, "a.long")])
    assert await postgres.prune(NOON, Retention(30, {"a.short": 2})) == 1
    assert await tables(connection) == ["20251116", "20251124", "20251125", "odd"]


async def test_what_a_killed_process_detached_is_dropped_by_the_next(postgres, connection):
    for age in range(5):
        await postgres.write([entry(5 - age, received_at=NOON - age * DAY)])
    await partitions.detach(connection, (NOON - 4 * DAY).date())
    assert seqs((await postgres.read(Query())).entries) == [5, 4, 3, 2]
    assert await postgres.prune(NOON, Retention(2.2)) == 1
    assert await connection.fetchval("SELECT count(*) FROM pg_class WHERE relname LIKE 'living_map_dropped%'") == 0


async def test_a_day_in_use_is_dropped_when_it_is_free(postgres, connection):
    for age in range(5):
        await postgres.write([entry(5 - age, received_at=NOON - age * DAY)])
    reading = connection.transaction()
    await reading.start()
    await connection.execute("SELECT count(*) FROM living_map_history")
    pruning = asyncio.create_task(postgres.prune(NOON, Retention(2.6)))
    for seq in range(10, 30):  # whoever writes does not wait for the reader
        await postgres.write([entry(seq, received_at=NOON + DAY / 2)])
    assert not pruning.done()
    await reading.rollback()
    assert await pruning == 2
    assert "20251120" not in await tables(connection)


async def test_others_read_and_write_by_the_columns_of_the_specification(postgres, connection):
    payload = {"z": [1, {"y": None}], "a": "ж", "n": 1.5}
    await postgres.write([entry(1, payload=payload, source="dao", entity_ids=("dao:a", "dao:b"))])
    insert = "INSERT INTO living_map_history (event_type, payload) VALUES ($1, $2) RETURNING id, timestamp"
    row = await connection.fetchrow(insert, "by.hand", '{"n": 1}')
    rows = await connection.fetch(
        "SELECT id, timestamp, event_type, payload FROM living_map_history ORDER BY timestamp"
    )
    assert [(one["id"], one["event_type"], json.loads(one["payload"])) for one in rows] == [
        (entry(1).id, "dao.event.created", payload),
        (row["id"], "by.hand", {"n": 1}),
    ]
    assert rows[1]["timestamp"] == row["timestamp"]
    where = "event_type LIKE 'dao.%' AND payload @> '{\"n\": 1.5}'"
    assert await connection.fetchval(f"SELECT payload ->> 'a' FROM living_map_history WHERE {where}") == "ж"
    entities = "SELECT seq FROM living_map_history WHERE entity_ids && ARRAY['dao:b']"
    assert await connection.fetchval(entities) == 1
    assert [one.event_type for one in (await postgres.read(Query())).entries] == ["by.hand", "dao.event.created"]


async def test_rows_of_others_without_type_or_payload_are_refused(postgres, connection):
    for values in ("(NULL, '{}')", "('a.b', NULL)"):
        with pytest.raises(asyncpg.NotNullViolationError):
            await connection.execute(f"INSERT INTO living_map_history (event_type, payload) VALUES {values}")
    assert (await postgres.read(Query())).entries == ()


async def test_the_view_for_others_refuses_to_change_or_delete_what_was(postgres, connection):
    await postgres.write([entry(1)])
    for statement in ("UPDATE living_map_history SET event_type = 'x.y'", "DELETE FROM living_map_history"):
        with pytest.raises(asyncpg.ObjectNotInPrerequisiteStateError, match="view"):
            await connection.execute(statement)
    assert [one.event_type for one in (await postgres.read(Query())).entries] == ["dao.event.created"]


async def test_payloads_with_other_fields_each_time_are_kept_whole(postgres, connection):
    entries = [entry(seq, payload={f"field_{seq}": seq}) for seq in range(1, 101)]
    await postgres.write(entries)
    assert [one.payload for one in (await postgres.read(Query())).entries[::-1]] == [
        one.payload for one in entries
    ]
    assert await connection.fetchval("SELECT count(*) FROM living_map_kinds") <= 40
    in_sql = await connection.fetch("SELECT payload FROM living_map_history ORDER BY seq")
    assert [json.loads(row[0]) for row in in_sql] == [one.payload for one in entries]


async def test_changes_are_kept_smaller_with_a_dictionary_and_read_by_other_processes(
    postgres, database, connection
):
    def changes(seq):
        item = {"status": "busy", "status_at": f"2025-11-24T12:00:{seq % 60:02}Z", "last_active_at": f"{seq}"}
        return json.dumps(
            [{"op": "put", "layer": "agents", "id": f"agent:{seq}", "set": item, "unset": []}]
        ).encode()

    entries = [entry(seq, changes=changes(seq)) for seq in range(1, 6001)]
    for start in range(0, 6000, 1000):
        await postgres.write(entries[start : start + 1000])
    assert await connection.fetchval("SELECT count(*) FROM living_map_dictionaries") == 1
    sizes = "SELECT avg(length(changes)) FROM living_map_entries WHERE (seq <= 4000) = $1"
    assert await connection.fetchval(sizes, False) < 0.5 * float(await connection.fetchval(sizes, True))
    other = PostgresHistory(database)
    await other.open()
    assert await other.entries_after(Position("e1", 3990), 20) == entries[3990:4010]
    await other.write([entry(6001, changes=changes(6001))])
    await other.close()
    assert (await postgres.read(Query(limit=1))).entries[0].changes == changes(6001)


async def test_a_database_that_another_took_the_place_of_is_asked_for_its_kinds(postgres, connection):
    await postgres.write([entry(1, "a.one"), entry(2, "a.two")])
    await connection.execute("TRUNCATE living_map_kinds, living_map_entries, living_map_days RESTART IDENTITY")
    await connection.execute("INSERT INTO living_map_kinds (event_type) VALUES ('z.other'), ('y.other')")
    for batch in ([entry(3, "a.one")], [entry(seq, "a.two") for seq in range(4, 204)]):
        await postgres.write(batch)
    types = [one.event_type for one in (await postgres.read(Query(limit=300))).entries]
    assert types == ["a.two"] * 200 + ["a.one"]


async def test_gaps_stay_when_the_day_around_them_is_dropped(postgres):
    for age in range(5):
        await postgres.write([entry(50 - age, received_at=NOON - age * DAY)])
    time = NOON - 4 * DAY
    await postgres.record_gap(Gap("e1", 1, 2, time, time, "for a test"))
    await postgres.prune(NOON, Retention(2.2, {"other.>": 30}))
    assert [gap.first_seq for gap in (await postgres.read(Query())).gaps] == [1]
