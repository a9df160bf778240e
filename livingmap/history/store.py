"""Store: opens the history that the settings name, and starts the embedded server if it needs one."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Final

import structlog

from livingmap.history import History, HistoryUnavailable
from livingmap.history.embedded import EmbeddedMissing, embedded
from livingmap.history.memory import MemoryHistory
from livingmap.history.postgres import PostgresHistory
from livingmap.history.settings import HistorySettings
from livingmap.supervision import within

_START_SECONDS: Final = 30.0
"""The map does not wait longer for its history: the writer goes on with a migration that lasts."""

_logger = structlog.get_logger(__name__)


@asynccontextmanager
async def store(settings: HistorySettings, folder: Path | None = None) -> AsyncIterator[History]:
    """Yield the history, opened if its database can be reached now; if not, `HistoryWriter.run` opens it later.

    ``folder`` is that of the embedded server, if not the default. Raises HistoryError for what waiting does not
    mend. On a machine without the embedded server the history is in memory, and a warning says so.
    """
    async with AsyncExitStack() as stack:
        history: History = MemoryHistory()
        if settings.kind == "postgresql":
            history = PostgresHistory(settings.url.get_secret_value())
        elif settings.kind == "embedded":
            try:
                history = PostgresHistory(await stack.enter_async_context(embedded(folder)))
            except EmbeddedMissing as error:
                _logger.warning("THE HISTORY IS KEPT IN MEMORY ONLY and ends with this process", reason=str(error))
        stack.push_async_callback(history.close)
        with suppress(HistoryUnavailable, TimeoutError):
            await within(_START_SECONDS, history.open(), "opening the history")
        yield history
