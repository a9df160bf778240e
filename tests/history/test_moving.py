"""What an earlier version wrote is moved into the partitions: it is never seen twice, and never missing."""

import asyncio
import json
import random
import shutil
import signal
import sys
import uuid
from datetime import timedelta

import asyncpg
import pytest
import structlog

from livingmap.core.model import Position
from livingmap.history import Gap, PruningRefused, Query, Retention, Step
from livingmap.history.migrate import migrate, migrations_folder
from livingmap.history.moving import Mover
from livingmap.history.postgres import PostgresHistory
from tests.history.making import NOON, entry, seqs, until

DAY = timedelta(days=1)
INSERT = """
INSERT INTO living_map_history (
  id, timestamp, event_type, payload, epoch, seq, source, entity_ids, occurred_at, previous, changes, place
) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT DO NOTHING"""
COLUMNS = INSERT.partition("(")[2].partition(")")[0].replace(",", "").split()
KILLED = """
import asyncio, sys
from livingmap.history.postgres import PostgresHistory

async def main(url):
    history = PostgresHistory(url)
    await history.open()
    while await history.move():
        print("moved", flush=True)

asyncio.run(main(sys.argv[1]))
"""


def row(one):
    payload, position = json.dumps(one.payload), one.position
    ids = list(one.entity_ids)
    times = one.occurred_at, one.previous, one.changes, one.place
    return one.id, one.received_at, one.event_type, payload, position.epoch, position.seq, one.source, ids, *times


def made(count):
    """Return entries of several days, types and epochs, one of which has a place of its own."""
    chance = random.Random(7)
    entries = [
        entry(
            seq,
            f"a.b{seq % 3}",
            epoch="e1" if seq <= count / 2 else "e2",
            received_at=NOON - (count - seq) * timedelta(seconds=20_000_000 / 100 / count),
            payload={"n": seq, "text": chance.choice("abc")},
            source=chance.choice([None, "agents"]),
            entity_ids=(f"agent:{seq % 7}", "node:1"),
            previous=seq - 1,
            changes=b'[{"op":"put"}]',
        )
        for seq in range(1, count + 1)
    ]
    early = entry(count + 1, "a.b0", epoch="e2", received_at=NOON - DAY, place=NOON + timedelta(seconds=1))
    return [*entries, early]


@pytest.fixture
def template():
    """The name of a database without tables: some tests make those of former versions."""
    return "template1"


@pytest.fixture
async def former(database, tmp_path):
    """Make the tables of an earlier version with entries; return a connection and the entries."""
    folder = shutil.copytree(migrations_folder(), tmp_path / "migrations")
    for file in folder.iterdir():
        if file.name > "016":
            file.unlink()
    connection = await asyncpg.connect(database)
    await migrate(connection, folder)
    entries = made(2500)
    await connection.executemany(INSERT, map(row, entries))
    await connection.execute("INSERT INTO living_map_epochs VALUES ('e1', 1250, now()), ('e2', 2501, now())")
    yield connection, entries
    await connection.close()


@pytest.fixture
async def history(database, former):
    opened = PostgresHistory(database)
    await opened.open()
    yield opened
    await opened.close()


async def everything(history):
    """Return all entries by pages, newest first."""
    entries, page = [], await history.read(Query(limit=400))
    entries += page.entries
    while page.next:
        page = await history.read(Query(limit=400, before=page.next))
        entries += page.entries
    return entries


async def test_all_is_read_the_same_before_while_and_after_it_is_moved(former, history):
    _, entries = former
    marks = sorted(entries, key=lambda one: one.mark)
    steps = []
    while True:
        assert await everything(history) == marks[::-1]
        assert await history.entries_from(None, 5000) == marks
        assert await history.entries_after(Position("e1", 100), 2000) == entries[100:1250]
        newest = await history.read(
            Query(event_types=("a.b1",), entity_ids=("agent:3",), source="agents", limit=9)
        )
        assert (
            list(newest.entries)
            == [
                one
                for one in marks[::-1]
                if one.event_type == "a.b1" and one.source == "agents" and "agent:3" in one.entity_ids
            ][:9]
        )
        assert newest.oldest_available == entries[0].received_at
        assert await history.newest_at(entries[1700].received_at) == entries[1700]
        assert await history.last_seq("e2") == 2501
        step = await history.move()
        if step is None:
            break
        steps.append(step)
    assert steps == [Step(1000, 1501), Step(1000, 501), Step(501, 0)]


async def test_the_view_shows_each_row_once_with_its_id_all_the_time(former, database):
    connection, entries = former
    foreign = await connection.fetchval(
        "INSERT INTO living_map_history (event_type, payload) VALUES ('by.hand', '{}') RETURNING id"
    )
    history = PostgresHistory(database)
    await history.open()
    expected = {one.id: (one.event_type, one.payload) for one in entries} | {foreign: ("by.hand", {})}
    while True:
        rows = await connection.fetch("SELECT * FROM living_map_history")
        assert [*rows[0].keys()] == COLUMNS
        assert len(rows) == len(expected)
        assert {one["id"]: (one["event_type"], json.loads(one["payload"])) for one in rows} == expected
        if await history.move() is None:
            break
    assert await connection.fetchval("SELECT to_regclass('living_map_history_before')") is None
    again = "INSERT INTO living_map_history (event_type, payload) VALUES ('by.hand', '{}') RETURNING seq"
    assert await connection.fetchval(again) == 2  # the numbers of such rows go on
    await history.close()


async def test_a_new_history_has_nothing_to_move(postgres, database):
    assert await postgres.move() is None
    connection = await asyncpg.connect(database)
    assert await connection.fetchval("SELECT to_regclass('living_map_history_before')") is None
    await connection.close()


async def test_pages_that_are_read_while_entries_are_moved_miss_none(former, history):
    _, entries = former
    moving = asyncio.create_task(moved(history))
    while not moving.done():
        assert await everything(history) == sorted(entries, key=lambda one: one.mark)[::-1]
    await moving


async def moved(history):
    while await history.move():
        pass


async def test_what_is_written_while_entries_are_moved_comes_after_them(former, history):
    _, entries = former
    fresh = [entry(seq, epoch="e2", received_at=NOON + timedelta(hours=1)) for seq in range(2502, 2700)]
    moving = asyncio.create_task(moved(history))
    for start in range(0, 198, 20):
        await history.write(fresh[start : start + 20])
    await moving
    assert await everything(history) == [*fresh[::-1], *sorted(entries, key=lambda one: one.mark)[::-1]]


async def test_an_entry_that_an_earlier_version_wrote_is_not_written_again(former, history):
    connection, entries = former
    await history.write([*entries[:150], entry(9999, epoch="e2", received_at=NOON + DAY)])
    assert await connection.fetchval("SELECT count(*) FROM living_map_entries") == 1
    assert len(await everything(history)) == len(entries) + 1
    await moved(history)
    await history.write(entries[:150])
    assert len(await everything(history)) == len(entries) + 1


async def test_retention_holds_for_what_is_not_moved_yet(former, history):
    _, entries = former
    cutoff = NOON - DAY
    young = [one for one in entries if one.received_at >= cutoff]
    with pytest.raises(PruningRefused):
        await history.prune(NOON, Retention(1, most_share=0.3))
    assert await history.move()
    deleted = await history.prune(NOON, Retention(1, most_share=0.9))
    assert deleted == len(entries) - len(young)
    assert {one.position for one in await everything(history)} == {one.position for one in young}
    await moved(history)
    assert {one.position for one in await everything(history)} == {one.position for one in young}


async def test_a_process_that_is_killed_while_it_moves_loses_nothing_and_the_next_goes_on(
    former, history, database
):
    connection, entries = former
    for _ in range(3):
        killed = await asyncio.create_subprocess_exec(
            sys.executable, "-c", KILLED, database, stdout=asyncio.subprocess.PIPE
        )
        await killed.stdout.readline()
        killed.send_signal(signal.SIGKILL)
        await killed.wait()
        assert len(await connection.fetch("SELECT id FROM living_map_history")) == len(entries)
        assert {one.position for one in await everything(history)} == {one.position for one in entries}
    await moved(history)
    assert await everything(history) == sorted(entries, key=lambda one: one.mark)[::-1]


async def test_a_process_of_the_earlier_version_goes_on_writing_beside(former, history):
    connection, entries = former
    later = [
        entry(seq, epoch="e2", previous=seq - 1, received_at=NOON + DAY, changes=b"[]", entity_ids=("agent:1",))
        for seq in range(2502, 2600)
    ]
    await connection.executemany(INSERT, map(row, later[:40]))
    await connection.executemany(INSERT, map(row, later[:40]))  # an answer got lost
    values = [row(one) for one in later[40:]]
    await connection.copy_records_to_table("living_map_history", records=values, columns=COLUMNS)
    newest = (await history.read(Query(limit=98))).entries
    assert [*newest[::-1]] == later
    read = await connection.fetch(
        "SELECT seq, previous, changes FROM living_map_history WHERE epoch = 'e2' AND seq > 2501 ORDER BY seq"
    )
    assert [tuple(one) for one in read] == [(one.position.seq, one.previous, b"[]") for one in later]
    assert len(await everything(history)) == len(entries) + 98


async def test_accounts_that_could_use_the_table_can_use_the_view(database, tmp_path, former):
    connection, entries = former
    user = f"reporter_{uuid.uuid4().hex[:8]}"
    await connection.execute(f"CREATE ROLE {user} LOGIN; GRANT SELECT, INSERT ON living_map_history TO {user}")
    opened = PostgresHistory(database)
    await opened.open()
    other = await asyncpg.connect(database.replace("postgres@", f"{user}@"))
    await other.execute("INSERT INTO living_map_history (event_type, payload) VALUES ('by.hand', '{}')")
    assert await other.fetchval("SELECT count(*) FROM living_map_history") == len(entries) + 1
    await other.close()
    await opened.close()
    await connection.execute(f"DROP OWNED BY {user}; DROP ROLE {user}")


async def test_the_mover_reports_what_is_left_and_ends(former, history):
    left = []
    with structlog.testing.capture_logs() as logs:
        await Mover(history, left.append).run()
    assert left == [1501, 501, 0, None]
    assert [(line["event"], line.get("left"), line.get("entries")) for line in logs] == [
        ("the history is being moved into a partition for each day", 1501, None),
        ("the history is moved", None, 2501),
    ]


async def test_the_mover_goes_on_when_the_database_is_back(former, database, history):
    left = []
    mover = Mover(history, left.append, again_seconds=0.01)
    await history.close()
    running = asyncio.create_task(mover.run())
    await asyncio.sleep(0)
    await history.open()
    await until(running.done)
    assert left[-1] is None
    assert await history.move() is None


async def test_gaps_are_those_that_were_while_entries_are_moved(former, history):
    await history.record_gap(Gap("e1", 5, 6, NOON - DAY, NOON - DAY, "for a test"))
    await history.move()
    assert [gap.first_seq for gap in (await history.read(Query(limit=5000))).gaps] == [5]


async def test_entries_of_one_instant_are_moved_and_read_in_order(database, former, history):
    connection, _ = former
    await connection.execute("DELETE FROM living_map_history_before")
    same = [entry(seq, received_at=NOON) for seq in range(1, 1301)]
    await connection.executemany(INSERT.replace("living_map_history", "living_map_history_before"), map(row, same))
    await history.move()
    assert seqs((await history.read(Query(limit=1300))).entries) == [*range(1300, 0, -1)]
    assert seqs(await history.entries_from(same[700].mark, 20)) == [*range(702, 722)]
