"""What the tests of the history make and wait for."""

import asyncio
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from livingmap.core.model import Position
from livingmap.history import Entry

NOON = datetime(2025, 11, 24, 12, 0, tzinfo=UTC)


def entry(seq: int, event_type: str = "dao.event.created", **fields: Any) -> Entry:
    """Return the entry at ``seq``, received so many seconds after noon."""
    fields.setdefault("payload", {"seq": seq})
    fields.setdefault("received_at", NOON + timedelta(seconds=seq))
    return Entry(Position(fields.pop("epoch", "e1"), seq), event_type, **fields)


def seqs(entries: Iterable[Entry]) -> list[int]:
    return [one.position.seq for one in entries]


async def until(condition: Callable[[], bool]) -> None:
    """Wait for something that another task brings about."""
    async with asyncio.timeout(120):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.005)
