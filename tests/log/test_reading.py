"""What the program's log says while the map's log is read."""

import asyncio
import contextlib
from datetime import UTC, datetime

import pytest
import structlog

from livingmap.core.model import Position
from livingmap.core.progress import Progress
from livingmap.log import reading
from tests.support.nats_server import until


@contextlib.asynccontextmanager
async def reported(progress, monkeypatch):
    """Report all the time; lend the lines."""
    monkeypatch.setattr(reading, "_REPORT_SECONDS", 0.001)
    with structlog.testing.capture_logs() as lines:
        task = asyncio.create_task(reading.report_reading(progress))
        yield lines
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


class Looked(Progress):
    """Counts how often its phase was asked for."""

    looks = 0

    @property
    def phase(self):
        self.looks += 1
        return super().phase


@pytest.fixture
def progress():
    one = Looked(Position("e", 40))
    one.lag = 30
    return one


async def test_how_far_the_log_was_read_is_reported_until_it_was_read_to_its_end(progress, monkeypatch):
    progress.aim(70)
    async with reported(progress, monkeypatch) as lines:
        await until(lambda: lines)
        assert lines[0] == {"event": "the log is being read", "log_level": "info", "up_to": 40, "left": 30}
        progress.position = Position("e", 70)
        progress.advance(70)
        assert lines[-1] == {"event": "the map follows its log", "log_level": "info", "at": 70}
        count, looks = len(lines), progress.looks
        await until(lambda: progress.looks > looks + 2)
        assert len(lines) == count


async def test_nothing_is_reported_of_a_log_that_is_away(progress, monkeypatch):
    progress.detach(datetime(2026, 1, 2, tzinfo=UTC))
    async with reported(progress, monkeypatch) as lines:
        await until(lambda: progress.looks > 2)
        assert lines == []
        progress.attach()
        await until(lambda: lines)
