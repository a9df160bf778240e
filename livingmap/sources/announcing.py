"""Announcing: what a source has found, and that it failed or is back, in the log and to the operator."""

import asyncio
from collections.abc import Iterable
from typing import Final

import structlog

from livingmap.core.fold import DOWN, REFRESHED, TOUCHED, UP, refreshed
from livingmap.core.freshness import Freshness, SourceHealth
from livingmap.core.model import Change, Message
from livingmap.log import Log
from livingmap.sources.comparison import Comparison

_CHANGES_PER_ENTRY: Final = 25
_MOST_WEIGHT: Final = 50
"""About so many items are merged by one entry: nothing else runs meanwhile."""

_logger = structlog.get_logger(__name__)


class Appending:
    """Appends what a source finds, as of a position of the log; what is volatile in entries of its own."""

    def __init__(self, log: Log, comparison: Comparison, position: int) -> None:
        self._log = log
        self._comparison = comparison
        self._position = position
        self._waiting: dict[str, list[Change]] = {REFRESHED: [], TOUCHED: []}
        self._weights = dict.fromkeys(self._waiting, 0)
        self.has_failed = False
        """Whether some of what was found is not in the log: of which layer, nobody knows."""

    async def add(self, changes: Iterable[Change]) -> None:
        """Append ``changes``, or keep them for `end` while they are few."""
        for change in changes:
            kind = TOUCHED if self._comparison.is_volatile(change) else REFRESHED
            weight = self._comparison.weight(change)
            if self._waiting[kind] and self._weights[kind] + weight > _MOST_WEIGHT:
                await self._append(kind)
            self._waiting[kind].append(change)
            self._weights[kind] += weight
            if len(self._waiting[kind]) >= _CHANGES_PER_ENTRY:
                await self._append(kind)

    async def end(self) -> None:
        """Append what is left."""
        for kind, changes in self._waiting.items():
            if changes:
                await self._append(kind)

    async def _append(self, kind: str) -> None:
        changes, self._waiting[kind], self._weights[kind] = self._waiting[kind], [], 0
        failed_before, self.has_failed = self.has_failed, True
        await self._log.append(refreshed(self._comparison.source.name, self._position, changes, kind))
        self.has_failed = failed_before
        await asyncio.sleep(0)  # a first poll of thousands must not hold up everybody else


async def announce(state: SourceHealth, previous: Freshness, log: Log) -> None:
    """Log that a source failed or is back, once each; tell the map that it went down or came up."""
    name, good = state.name, state.status in (Freshness.FRESH, Freshness.MOCK)
    if state.failures == 1:
        _logger.warning("source failed", source=name, status=str(state.status), error=state.error)
    elif good and (state.polls == 1 or previous in (Freshness.STALE, Freshness.DOWN)):
        dropped = {"dropped": state.dropped} if state.dropped else {}
        _logger.info("source answers", source=name, status=str(state.status), rows=state.rows, **dropped)
    if state.status is Freshness.DOWN and previous is not Freshness.DOWN:
        await log.append(Message(DOWN, {"source": name, "error": state.error}))
    elif state.status is not Freshness.DOWN and previous is Freshness.DOWN:
        await log.append(Message(UP, {"source": name}))
