"""What holds for every history, in memory and in PostgreSQL."""

import asyncio
import random
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from livingmap.core.model import Position
from livingmap.history import Gap, Query, Retention
from livingmap.history.memory import MemoryHistory
from livingmap.history.postgres import PostgresHistory
from tests.history.making import NOON, entry, seqs


async def test_what_is_written_is_read_newest_first_and_intact(history):
    first = entry(
        1,
        "agent.event.status",
        payload={"agent_id": "sofia", "deep": [{"ж": [1, 2.5, None, True, "\\u0000 \N{SNOWMAN}"]}], "": ""},
        occurred_at=NOON,
        source="agents",
        entity_ids=("agent:sofia", 'odd:{"a", \\b}', "node:"),
    )
    await history.write([first, entry(2)])
    page = await history.read(Query())
    assert page.entries == (entry(2), first)
    assert (page.next, page.oldest_available, page.gaps) == (None, first.received_at, ())


async def test_polls_that_found_only_what_is_volatile_can_be_left_out(history):
    await history.write([entry(1, "livingmap.source.touched"), entry(2), entry(3, "livingmap.source.touched")])
    assert seqs((await history.read(Query())).entries) == [3, 2, 1]
    assert seqs((await history.read(Query(quiet=True))).entries) == [2]
    touched = Query(event_types=("livingmap.source.touched",))
    assert seqs((await history.read(touched)).entries) == [3, 1]


async def test_an_empty_history_has_nothing(history):
    page = await history.read(Query(event_types=("a.*",)))
    assert (page.entries, page.next, page.oldest_available, page.gaps) == ((), None, None, ())
    assert await history.last_seq("e1") is None
    assert await history.entries_after(Position("e1", 0), 10) == []
    await history.write([])


async def test_the_id_of_a_row_is_that_of_its_position(history):
    await history.write([entry(1), entry(1, epoch="e2")])
    ids = [one.id for one in (await history.read(Query())).entries]
    assert set(ids) == {entry(1).id, entry(1, epoch="e2").id}
    assert {one.version for one in ids} == {5}
    assert isinstance(ids[0], uuid.UUID)


async def test_writing_twice_changes_nothing(history):
    await history.write([entry(number) for number in range(1, 11)])
    await history.write([replace(entry(number), payload={"again": True}) for number in range(5, 16)])
    entries = (await history.read(Query())).entries
    assert seqs(entries) == list(range(15, 0, -1))
    assert [one.payload for one in entries][5:] == [{"seq": number} for number in range(10, 0, -1)]


async def test_one_batch_may_hold_an_entry_twice(history):
    await history.write([entry(1), entry(1), entry(2)])
    assert seqs((await history.read(Query())).entries) == [2, 1]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (Query(from_time=NOON + timedelta(seconds=3)), [6, 5, 4, 3]),
        (Query(until=NOON + timedelta(seconds=3)), [2, 1]),
        (Query(from_time=NOON + timedelta(seconds=2), until=NOON + timedelta(seconds=3)), [2]),
        (Query(event_types=("dao.event.created",)), [1]),
        (Query(event_types=("dao.event.*",)), [3, 1]),
        (Query(event_types=("dao.>",)), [4, 3, 1]),
        (Query(event_types=("*",)), [6]),
        (Query(event_types=(">",)), [6, 5, 4, 3, 2, 1]),
        (Query(event_types=("dao.event.created", "agent.*.status")), [2, 1]),
        (Query(event_types=("dao.event.created", "dao.event.created")), [1]),
        (Query(event_types=("dao_event.created",)), []),
        (Query(event_types=("dao.event",)), []),
        (Query(event_types=("%", "dao.%", ".*")), []),
        (Query(event_types=("nothing.>",)), []),
        (Query(entity_ids=("dao:core",)), [3, 1]),
        (Query(entity_ids=("dao:core", "agent:sofia")), [3, 2, 1]),
        (Query(entity_ids=("agent:sof",)), []),
        (Query(source="dao"), [4, 3, 1]),
        (Query(source="dao", event_types=("*.event.*",), entity_ids=("dao:core",), limit=1), [3]),
        (Query(limit=2), [6, 5]),
    ],
)
async def test_filters(history, query, expected):
    await history.write(
        [
            entry(1, "dao.event.created", source="dao", entity_ids=("dao:core",)),
            entry(2, "agent.event.status", source="agents", entity_ids=("agent:sofia", "microdao:7")),
            entry(3, "dao.event.updated", source="dao", entity_ids=("dao:core", "microdao:7")),
            entry(4, "dao.event.vote.cast", source="dao", entity_ids=()),
            entry(5, "daoXevent.created"),
            entry(6, "usage"),
        ]
    )
    assert seqs((await history.read(query)).entries) == expected


async def test_pages_neither_repeat_nor_miss_while_rows_are_added(history):
    await history.write([entry(number) for number in range(1, 101)])
    seen, before, newest = [], None, 100
    while True:
        page = await history.read(Query(limit=7, before=before))
        seen += seqs(page.entries)
        before = page.next
        await history.write([entry(newest + 1), entry(newest + 2)])
        newest += 2
        if before is None:
            break
    assert seen == list(range(100, 0, -1))


async def test_pages_keep_the_order_of_the_log_within_one_instant(history):
    await history.write(
        [entry(number, received_at=NOON, epoch=epoch) for epoch in "ab" for number in range(1, 21)]
    )
    seen, query = [], Query(limit=3)
    while True:
        page = await history.read(query)
        seen += [one.position for one in page.entries]
        if page.next is None:
            break
        query = replace(query, before=page.next)
    assert seen == [Position(epoch, number) for epoch in "ba" for number in range(20, 0, -1)]


async def test_a_last_page_that_is_full_says_that_it_is_the_last(history):
    await history.write([entry(1), entry(2)])
    assert (await history.read(Query(limit=2))).next is None
    assert (await history.read(Query(limit=1))).next == entry(2).mark


async def test_a_stream_is_resumed_from_a_position(history):
    await history.write([entry(number) for number in range(1, 8)] + [entry(9, epoch="e2")])
    assert seqs(await history.entries_after(Position("e1", 3), 3)) == [4, 5, 6]
    assert await history.entries_after(Position("e1", 7), 3) == []
    assert await history.entries_after(Position("e2", 0), 3) == [entry(9, epoch="e2")]
    assert await history.entries_after(Position("e3", 0), 3) == []


async def test_how_far_an_epoch_got_is_kept_when_its_rows_are_gone(history):
    await history.write([entry(1), entry(2), entry(1, epoch="e2", received_at=NOON)])
    assert (await history.last_seq("e1"), await history.last_seq("e2"), await history.last_seq("e3")) == (
        2,
        1,
        None,
    )
    assert await history.prune(NOON + timedelta(days=1000), Retention()) == 3
    assert (await history.read(Query())).oldest_available is None
    assert await history.last_seq("e1") == 2


def gap(first, last, **fields):
    since, until = NOON + timedelta(seconds=first), NOON + timedelta(seconds=last)
    return Gap(fields.pop("epoch", "e1"), first, last, since, until, "for a test")


async def test_a_gap_is_told_where_it_is(history):
    await history.write([entry(number) for number in (1, 2, 3, 10, 11, 12)])
    await history.record_gap(gap(4, 9))
    assert (await history.read(Query())).gaps == (gap(4, 9),)
    first = await history.read(Query(limit=2))
    assert (seqs(first.entries), first.gaps) == ([12, 11], ())
    second = await history.read(Query(limit=2, before=first.next))
    assert (seqs(second.entries), second.gaps) == ([10, 3], (gap(4, 9),))
    third = await history.read(Query(limit=2, before=second.next))
    assert (seqs(third.entries), third.gaps) == ([2, 1], ())
    assert (await history.read(Query(from_time=NOON + timedelta(seconds=10)))).gaps == ()
    assert (await history.read(Query(until=NOON + timedelta(seconds=3)))).gaps == ()


async def test_a_gap_grows_and_never_shrinks(history):
    for last in (5, 7, 6):
        await history.record_gap(gap(4, last))
    await history.record_gap(gap(20, 21, epoch="e0"))
    assert (await history.read(Query())).gaps == (gap(20, 21, epoch="e0"), gap(4, 7))
    assert (await history.last_seq("e0"), await history.last_seq("e1")) == (21, 7)


async def test_what_is_too_old_is_deleted_by_age_and_by_type(history):
    day = timedelta(days=1)
    for number, event_type in enumerate(("node.metrics.a", "dao.event.created", "agent.event.status")):
        await history.write(
            [entry(100 * number + age, event_type, received_at=NOON - age * day) for age in range(20)]
        )
    await history.record_gap(gap(4, 5))
    retention = Retention(10, {"node.>": 15, "node.metrics.*": 2, "dao.event.*": 18})
    assert await history.prune(NOON, retention) == 17 + 1 + 9
    left = [one.event_type for one in (await history.read(Query())).entries]
    assert {kind: left.count(kind) for kind in left} == {
        "node.metrics.a": 3,
        "dao.event.created": 19,
        "agent.event.status": 11,
    }
    assert await history.prune(NOON, retention) == 0
    assert (await history.read(Query())).gaps == (gap(4, 5),)
    await history.prune(NOON + 19 * day, retention)
    assert (await history.read(Query())).gaps == ()


async def test_pruning_does_not_stop_writing_and_reading(history):
    old = NOON - timedelta(days=100)
    await history.write([entry(number, received_at=old) for number in range(1, 5001)])

    async def write():
        for number in range(6000, 6100):
            await history.write([entry(number)])

    deleted, _ = await asyncio.gather(history.prune(NOON, Retention(30)), write())
    assert deleted == 5000
    assert seqs((await history.read(Query(limit=1000))).entries) == list(range(6099, 5999, -1))


def nested(depth):
    value: object = "end"
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("payload", "kept"),
    [
        ({"a\0b": "c\0d", "e": ["\\u0000", "\0"]}, {"a␀b": "c␀d", "e": ["\\u0000", "␀"]}),
        ({"text": "\ud800 lone"}, {"text": "? lone"}),
        ({"number": 2**70}, {"number": float(2**70)}),
        ({"number": float("nan"), "other": float("inf")}, {"number": None, "other": None}),
        ({"number": float("nan"), "nul": "\0"}, {"number": None, "nul": "␀"}),
        ({1: "one"}, {"1": "one"}),
        ({"set": {1}}, {"set": "{1}"}),
        ({}, {}),
    ],
)
async def test_what_json_in_a_database_cannot_hold_stays_visible(history, payload, kept):
    await history.write([entry(1), entry(2, payload=payload), entry(3)])
    entries = (await history.read(Query())).entries
    assert [one.payload for one in entries] == [{"seq": 3}, kept, {"seq": 1}]


async def test_a_payload_of_any_depth_harms_no_other(history):
    await history.write([entry(1), entry(2, payload={"deep": nested(5000)}), entry(3)])
    entries = (await history.read(Query())).entries
    assert seqs(entries) == [3, 2, 1]
    assert list(entries[1].payload) == ["livingmap.unwritable"]


async def test_nul_in_other_texts_stays_visible(history):
    await history.write([entry(1, "a\0b", source="s\0", entity_ids=("x:\0",))])
    (kept,) = (await history.read(Query())).entries
    assert (kept.event_type, kept.source, kept.entity_ids) == ("a␀b", "s␀", ("x:␀",))


async def test_memory_forgets_the_oldest_when_it_is_full():
    history = MemoryHistory(capacity=3)
    await history.write([entry(number) for number in range(1, 6)])
    page = await history.read(Query())
    assert (seqs(page.entries), page.oldest_available) == ([5, 4, 3], entry(3).received_at)


async def test_an_entry_that_no_database_takes_becomes_a_gap_and_harms_no_other(postgres):
    letters = random.Random(7)  # what does not compress does not fit into an index
    monster = "".join(letters.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=20_000))
    await postgres.write([entry(1), entry(2), entry(3, monster), entry(4), entry(5)])
    page = await postgres.read(Query())
    assert seqs(page.entries) == [5, 4, 2, 1]
    assert [(one.first_seq, one.last_seq) for one in page.gaps] == [(3, 3)]
    assert monster[:100] in page.gaps[0].reason


async def test_the_end_of_time_is_a_time(history):
    far = datetime.max.replace(tzinfo=UTC)
    await history.write([entry(1), entry(2, occurred_at=far)])
    assert [one.occurred_at for one in (await history.read(Query())).entries] == [far, None]


async def test_many_event_types_are_found_by_a_wildcard(history):
    await history.write([entry(number, f"node.metrics.n{number}") for number in range(1, 201)])
    page = await history.read(Query(event_types=("node.metrics.*",), limit=10))
    assert seqs(page.entries) == list(range(200, 190, -1))
    assert page.next is not None


async def test_two_that_write_the_same_at_once_keep_each_entry_once(postgres, database):
    other = PostgresHistory(database)
    await other.open()
    entries = [entry(number) for number in range(1, 1001)]
    batches = [entries[start : start + 200] for start in range(0, 1000, 200)]
    await asyncio.gather(*(one.write(batch) for batch in batches for one in (postgres, other)))
    await other.close()
    page = await postgres.read(Query(limit=1000))
    assert seqs(page.entries) == [*range(1000, 0, -1)]
    assert await postgres.last_seq("e1") == 1000
