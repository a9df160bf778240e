"""Store: makes the history that the settings name."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from livingmap.history import History
from livingmap.history.embedded_history import EmbeddedHistory
from livingmap.history.memory import MemoryHistory
from livingmap.history.postgres import PostgresHistory
from livingmap.history.settings import HistorySettings


@asynccontextmanager
async def store(settings: HistorySettings, folder: Path | None = None) -> AsyncIterator[History]:
    """Yield the history and close it at the end. It is not open yet: `HistoryWriter.run` opens it.

    So nothing that a database does, or does not do, keeps the map from being served. ``folder`` is that of the
    embedded server, if not the default.
    """
    history = _history(settings, folder)
    try:
        yield history
    finally:
        await history.close()


def _history(settings: HistorySettings, folder: Path | None) -> History:
    match settings.kind:
        case "memory":
            return MemoryHistory()
        case "postgresql":
            return PostgresHistory(settings.url.get_secret_value(), connecting=settings.connecting())
        case _:
            return EmbeddedHistory(folder)
