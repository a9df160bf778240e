"""What disk a history will take."""

import asyncpg
import pytest

from livingmap.history.size import Costs, measured, size
from tests.history.making import entry


def test_entries_and_states_are_counted_by_rate_and_time():
    made = size(50, 365, 10_000, Costs(500, 50))
    assert made.entries == 50 * 86_400 * 365
    assert made.entry_bytes == 500 * made.entries
    assert made.states == made.entries / 5000
    assert made.state_bytes == made.states * 500_000
    assert made.total_bytes == made.entry_bytes + made.state_bytes


def test_a_quiet_map_has_a_state_every_ten_minutes_if_anything_happens():
    assert size(0.01, 1, 100).states == 144
    assert size(0, 30, 100).total_bytes == 0


async def test_a_database_says_what_it_really_has(postgres, database):
    connection = await asyncpg.connect(database)
    assert await measured(connection) is None
    for start in range(0, 12_000, 1000):
        await postgres.write([entry(start + number) for number in range(1000)])
    costs = await measured(connection)
    assert 100 < costs.entry < 1000
    assert costs.state is None
    await connection.close()
    assert size(1, 1, 0, costs).entry_bytes == pytest.approx(86_400 * costs.entry, abs=1)
