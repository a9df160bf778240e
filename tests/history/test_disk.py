"""What a history has on disk, and when that will be full."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from livingmap.history import HistoryUnavailable
from livingmap.history.forecast import DiskForecast
from livingmap.history.holdings import Holdings
from livingmap.history.memory import MemoryHistory
from livingmap.history.settings import HistorySettings
from tests.history.making import NOON, entry

GB = 10**9
DAY = timedelta(days=1)
HELD = Holdings(40 * GB, 5, date(2025, 11, 20), GB, 2 * GB, GB // 2, free_bytes=10 * GB)
"""At noon of the 24th: 2 GB were written yesterday, and half a one today."""


async def test_a_database_says_what_it_has_of_each_day(postgres):
    assert (await postgres.holdings(NOON)).days == 0
    await postgres.write([entry(seq, received_at=NOON - 2 * DAY) for seq in range(3000)])
    await postgres.write([entry(3000, received_at=NOON - DAY), entry(3001)])
    held = await postgres.holdings(NOON)
    assert (held.days, held.oldest_day) == (3, date(2025, 11, 22))
    assert held.oldest_bytes > held.yesterday_bytes > 0
    assert held.bytes > held.oldest_bytes + held.yesterday_bytes + held.today_bytes > 0
    assert held.free_bytes is None
    assert held.within(held.bytes + 7).free_bytes == 7


@pytest.mark.parametrize(
    ("held", "hour", "kept", "days"),
    [
        (HELD, 12, 30, 5),  # as yesterday
        (replace(HELD, today_bytes=5 * GB), 12, 30, 1),  # ten a day, if it goes on like that
        (replace(HELD, today_bytes=5 * GB), 0, 30, 5),  # a few minutes say nothing
        (replace(HELD, today_bytes=GB // 2), 1, 30, 5),  # nor does what an empty day takes
        (HELD, 12, 4, 10),  # the oldest day is deleted meanwhile
        (replace(HELD, oldest_bytes=2 * GB), 12, 4, None),
        (replace(HELD, free_bytes=None), 12, 30, None),
        (replace(HELD, free_bytes=0), 12, 30, 0),
        (replace(HELD, yesterday_bytes=0, today_bytes=0), 12, 30, None),
    ],
)
def test_the_disk_is_full_at_the_rate_of_yesterday_or_today(held, hour, kept, days):
    assert held.days_left(datetime(2025, 11, 24, hour, tzinfo=UTC), timedelta(days=kept)) == days


class Grown:
    """A history of which only the size matters."""

    def __init__(self):
        self.held = HELD

    async def holdings(self, _):
        if self.held is None:
            raise HistoryUnavailable("away")
        return self.held


async def test_a_storm_counts_once_it_would_fill_the_disk_within_a_day():
    history = Grown()
    forecast = DiskForecast(history, HistorySettings(), lambda: NOON)
    assert forecast.days_left() is None
    for _ in range(61):
        await forecast.look()
    assert forecast.days_left() == 5
    history.held = replace(HELD, bytes=HELD.bytes + GB // 10)
    await forecast.look()
    assert forecast.days_left() == 5  # 0.1 GB an hour would be four days
    history.held = replace(HELD, bytes=HELD.bytes + GB)
    await forecast.look()
    assert forecast.days_left() == pytest.approx(10 / 24)
    history.held = None
    await forecast.look()
    assert forecast.days_left() == pytest.approx(10 / 24)


async def test_what_the_database_may_take_can_be_said():
    forecast = DiskForecast(Grown(), HistorySettings(disk_bytes=44 * GB), lambda: NOON)
    await forecast.look()
    assert forecast.days_left() == 2


async def test_nothing_is_on_disk_of_a_history_in_memory():
    forecast = DiskForecast(MemoryHistory(), HistorySettings(disk_bytes=44 * GB), lambda: NOON)
    await forecast.look()
    assert (forecast.holdings, forecast.days_left()) == (None, None)
