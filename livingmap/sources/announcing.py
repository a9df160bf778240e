"""Announcing: what a source has found, and that it failed or is back, in the log and to the operator."""

import asyncio
from collections.abc import Sequence
from typing import Final

import structlog

from livingmap.core.fold import DOWN, REFRESHED, TOUCHED, UP, refreshed
from livingmap.core.freshness import Freshness, SourceHealth
from livingmap.core.model import Change, Message
from livingmap.log import Log
from livingmap.sources.comparison import Comparison

_CHANGES_PER_ENTRY: Final = 250

_logger = structlog.get_logger(__name__)


async def append_changes(log: Log, comparison: Comparison, position: int, changes: Sequence[Change]) -> None:
    """Append what a source found, as of a position of the log; what is volatile in entries of its own."""
    volatile = [change for change in changes if comparison.is_volatile(change)]
    lasting = [change for change in changes if not comparison.is_volatile(change)] if volatile else changes
    for kind, found in ((REFRESHED, lasting), (TOUCHED, volatile)):
        for start in range(0, len(found), _CHANGES_PER_ENTRY):
            some = found[start : start + _CHANGES_PER_ENTRY]
            await log.append(refreshed(comparison.source.name, position, some, kind))
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
