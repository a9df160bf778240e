"""A restored history is the one that was backed up, whatever was written meanwhile."""

import asyncio
import json
import stat
from datetime import timedelta

from livingmap.backup.file import opened
from livingmap.backup.manifest import PARTITIONED, SEQUENCES, TABLES
from livingmap.core.model import Position
from livingmap.history import Gap, State
from livingmap.history.postgres import PostgresHistory
from tests.backup.conftest import backed_up, connected, restored, rows_of
from tests.history.making import NOON, entry
from tests.past.life import Life, canonical, put

KEY = b"k" * 32

_MINE = """
SELECT relname FROM pg_class WHERE relname LIKE 'living\\_map\\_%' AND relkind = ANY($1::"char"[])
AND relname !~ '_\\d{8}$'"""


async def test_every_table_and_sequence_of_a_history_is_in_a_backup(postgres, database):
    async with connected(database) as connection:
        tables = {row[0] for row in await connection.fetch(_MINE, [b"r", b"p"])}
        sequences = {row[0] for row in await connection.fetch(_MINE, [b"S"])}
    assert tables == {*TABLES, *PARTITIONED, "living_map_migrations"}
    assert sequences == {*SEQUENCES}


async def test_a_restored_map_answers_as_the_map_that_wrote_meanwhile(postgres, database, target, tmp_path):
    file, is_written = tmp_path / "night.tar.zst", asyncio.Event()
    first = Life(tmp_path, 7, postgres)
    async with first.run():
        first.living.cluster._key = KEY
        await first.poll()
        await first.live(10)
        for number in range(6):
            await first.say(put("agent:ada", metrics={"cpu": number}), seconds=40)
        await first.living.roll_ups.write()
        meanwhile = asyncio.create_task(_live_until(first, is_written))
        manifest = await backed_up(database, file)
        is_written.set()
        await meanwhile
    held = [one for one in first.watched if one.time <= manifest.newest]
    assert manifest.entries > 0
    assert len(held) < len(first.watched)
    await restored(file, target)
    some = held[:: max(1, len(held) // 8)]
    answers = await _answers(target, tmp_path, first.now, some, manifest.newest)
    assert answers == await _answers(database, tmp_path, first.now, some, manifest.newest)
    shown = [canonical(json.loads(answer)["layers"]) for answer in answers[: len(some)]]
    assert shown == [one.layers for one in some]


async def _answers(url, folder, now, held, newest):
    """Return what a map that has just begun says of its past."""
    history = PostgresHistory(url)
    await history.open()
    life = Life(folder, 7, history)
    life.now = now
    async with life.run():
        life.living.cluster._key = KEY
        answers = [await life.get(f"/living-map/{path}", **query) for path, query in _questions(held, newest)]
    await history.close()
    assert {answer.status_code for answer in answers} == {200}
    return [answer.content for answer in answers]


def _questions(held, newest):
    yield from (("snapshot", {"at": one.cursor}) for one in held)
    yield from (("snapshot", {"at": one.time.isoformat()}) for one in held)
    until = newest.replace(second=0, microsecond=0).isoformat()  # what was rolled up of a minute is of all of it
    span = {"from": held[0].time.isoformat(), "to": until}
    yield "history", {"until": until, "limit": 1000}
    yield "history", {"until": until, "entity_id": "agent:ada"}
    yield "timeline", span
    yield "series", {"entity_id": "agent:ada", "field": "metrics.cpu", **span}
    yield "diff", span


async def _live_until(life, is_over):
    while not is_over.is_set():
        await life.live(1)
    await life.live(3)


async def test_each_row_of_each_day_comes_back_and_the_next_ones_have_new_numbers(
    postgres, database, target, tmp_path
):
    days = [
        entry(number, payload={"day": number}, received_at=NOON + timedelta(days=number)) for number in range(3)
    ]
    odd = [
        entry(4, received_at=NOON.replace(year=1960)),
        entry(5, received_at=NOON, place=NOON.replace(year=2031)),
    ]
    await postgres.write([*days, *odd])
    for number in range(2):
        when = NOON + timedelta(days=number)
        await postgres.write_state(State(Position("e1", number), when, when, b"state" * 100_000))
    await postgres.record_gap(Gap("e1", 9, 12, NOON, NOON, "a reason"))
    manifest = await backed_up(database, tmp_path / "b.tar.zst", b"secret")
    assert (manifest.entries, manifest.epochs) == (5, {"e1": 12})
    assert stat.S_IMODE((tmp_path / "b.tar.zst").stat().st_mode) == 0o600
    await restored(tmp_path / "b.tar.zst", target)
    assert await rows_of(target) == await rows_of(database)
    with opened(tmp_path / "b.tar.zst") as backup:
        assert backup.key() == b"secret"
    again = PostgresHistory(target)
    await again.open()
    await again.write([entry(20, "never.seen.before", received_at=NOON + timedelta(days=9))])
    assert [one.position.seq for one in await again.entries_after(Position("e1", 4), 9)] == [5, 20]
    await again.close()
