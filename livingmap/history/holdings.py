"""Holdings: what a history has on disk, and in how many days that will be full."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Final

DAY: Final = timedelta(days=1)
_HOUR: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Holdings:
    """What a history has on disk."""

    bytes: int
    """The whole database."""
    days: int
    """How many days have entries; each is a partition."""
    oldest_day: date | None
    oldest_bytes: int
    """What the oldest day takes, and is freed when it is deleted."""
    yesterday_bytes: int
    today_bytes: int
    free_bytes: int | None = None
    """What is free where the database is; None if the map cannot see that."""

    def within(self, disk_bytes: int | None) -> "Holdings":
        """Return the same with what is free of a disk of which the database may have ``disk_bytes``."""
        return self if disk_bytes is None else replace(self, free_bytes=max(0, disk_bytes - self.bytes))

    def growth(self, now: datetime, retention: timedelta) -> float:
        """Return by how many bytes a day it grows: what was written yesterday, or today, less what is pruned.

        Today counts once it has half of yesterday's bytes: even an empty day takes some pages.
        """
        written: float = self.yesterday_bytes
        passed = now - datetime(now.year, now.month, now.day, tzinfo=UTC)
        if passed >= _HOUR and 2 * self.today_bytes > self.yesterday_bytes:
            written = max(written, self.today_bytes * (DAY / passed))
        is_pruned = self.oldest_day is not None and now.date() - self.oldest_day >= retention
        return written - self.oldest_bytes if is_pruned else written

    def days_left(self, now: datetime, retention: timedelta) -> float | None:
        """Return in how many days the disk is full at this rate; None if never, or if that is not known."""
        growth = self.growth(now, retention)
        return None if self.free_bytes is None or growth <= 0 else self.free_bytes / growth
