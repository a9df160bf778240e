"""PostgreSQL and memory answer alike, whatever is in them and whatever is asked."""

from dataclasses import replace
from datetime import timedelta

import asyncpg
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from livingmap.core.fold import TOUCHED
from livingmap.core.model import Position
from livingmap.history import Entry, Gap, Mark, Query, Retention
from livingmap.history.memory import MemoryHistory
from livingmap.history.postgres import PostgresHistory
from tests.history.making import NOON

EPOCHS = st.sampled_from(["a", "B", "é", "_"])
TOKENS = st.sampled_from(["dao", "event", "d_o", "D", "é", "a%"])
TYPES = st.lists(TOKENS, min_size=1, max_size=3).map(".".join) | st.just(TOUCHED)
PATTERNS = st.lists(TOKENS | st.just("*"), min_size=1, max_size=3).map(".".join) | st.lists(
    TOKENS | st.just("*"), max_size=2
).map(lambda tokens: ".".join([*tokens, ">"]))
TIMES = st.integers(0, 8).map(lambda seconds: NOON + timedelta(seconds=seconds))
IDS = st.sampled_from(["agent:a", "agent:b", 'x:"{\\', "x:é,"])
SOURCES = st.sampled_from(["agents", "dao"])
# jsonb gives a float beyond 2**53 back as the integer of the same digits
FLOATS = st.floats(-(2.0**50), 2.0**50) | st.sampled_from([float("nan"), float("-inf"), 1e300])
TEXTS = st.text(max_size=5)
PAYLOADS = st.dictionaries(
    TEXTS,
    st.recursive(
        st.none() | st.booleans() | st.integers() | FLOATS | TEXTS,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
        max_leaves=6,
    ),
    max_size=3,
)
ENTRIES = st.lists(
    st.builds(
        Entry,
        st.builds(Position, EPOCHS, st.integers(0, 12)),
        TYPES,
        PAYLOADS,
        TIMES,
        st.none() | TIMES,
        st.none() | SOURCES,
        st.lists(IDS, max_size=3).map(tuple),
        st.none() | st.integers(0, 12),
        st.none() | st.binary(max_size=9),
        place=st.none() | TIMES,
    ),
    max_size=25,
)
QUERIES = st.builds(
    Query,
    st.none() | TIMES,
    st.none() | TIMES,
    st.lists(PATTERNS, max_size=3).map(tuple),
    st.lists(IDS, max_size=2).map(tuple),
    st.none() | SOURCES,
    st.booleans(),
    st.integers(1, 6),
    st.none() | st.builds(Mark, TIMES, EPOCHS, st.integers(0, 12)),
)
GAPS = st.lists(
    st.builds(
        lambda epoch, first, more, since, events: Gap(
            epoch, first, first + more, since, since + timedelta(seconds=more), "lost", events
        ),
        EPOCHS,
        st.integers(0, 12),
        st.integers(0, 5),
        TIMES,
        st.none() | st.integers(0, 9),
    ),
    max_size=4,
)
DAYS = st.integers(0, 9).map(lambda seconds: seconds / 86_400)
RETENTIONS = st.builds(Retention, DAYS, st.dictionaries(PATTERNS, DAYS, max_size=2))


EMPTY = """
TRUNCATE living_map_entries, living_map_days, living_map_kinds, living_map_dictionaries, living_map_gaps,
  living_map_epochs"""


@pytest.fixture
async def tables(database):
    history = PostgresHistory(database)
    await history.open()
    await history.close()
    return database


@settings(
    max_examples=settings.default.max_examples // 2, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(ENTRIES, ENTRIES, GAPS, QUERIES, RETENTIONS)
@example([], [], [Gap("a", 0, seq, NOON, NOON, "lost", seq or None) for seq in (0, 1)], Query(), Retention(1, {}))
async def test_postgres_and_memory_answer_alike(tables, first, second, gaps, query, retention):
    connection = await asyncpg.connect(tables)
    await connection.execute(EMPTY)
    await connection.close()
    postgres, memory = PostgresHistory(tables), MemoryHistory()
    await postgres.open()
    try:
        for history in (postgres, memory):
            await history.write(first)
            for gap in gaps:
                await history.record_gap(gap)
            await history.write(second)
        await assert_alike(postgres, memory, query)
        end = NOON + timedelta(seconds=9)
        assert await postgres.prune(end, retention) == await memory.prune(end, retention)
        await assert_alike(postgres, memory, query)
    finally:
        await postgres.close()


async def assert_alike(postgres, memory, query):
    for epoch in ("a", "b", "nowhere"):
        assert await postgres.last_seq(epoch) == await memory.last_seq(epoch)
    position = Position(query.before.epoch, query.before.seq) if query.before else Position("a", 3)
    assert await postgres.entries_after(position, query.limit) == await memory.entries_after(position, query.limit)
    assert await postgres.entries_from(query.before, query.limit) == await memory.entries_from(
        query.before, query.limit
    )
    for seconds in range(-1, 10):
        time = NOON + timedelta(seconds=seconds)
        assert await postgres.newest_at(time) == await memory.newest_at(time)
    assert await postgres.gaps_in(query.from_time, query.until) == await memory.gaps_in(
        query.from_time, query.until
    )
    while True:
        page = await postgres.read(query)
        assert page == await memory.read(query)
        if page.next is None:
            break
        query = replace(query, before=page.next)
