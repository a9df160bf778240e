"""Reading: says in the program's log how far the map's log was read, for as long as that takes."""

import asyncio
from typing import Final

import structlog

from livingmap.core.progress import Phase, Progress

_REPORT_SECONDS: Final = 10.0

_logger = structlog.get_logger(__name__)


async def report_reading(progress: Progress) -> None:
    """Report while the log is read, and whenever it has been read to its end. Runs until cancelled."""
    progress.when_live(lambda: _logger.info("the map follows its log", at=progress.position.seq))
    while True:
        await asyncio.sleep(_REPORT_SECONDS)
        if progress.phase is Phase.REPLAYING and progress.away_since is None:
            _logger.info("the log is being read", up_to=progress.read_up_to, left=progress.lag)
