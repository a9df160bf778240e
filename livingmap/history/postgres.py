"""The history in PostgreSQL."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import asyncpg
import structlog

from livingmap.core.model import Position
from livingmap.history import (
    MOST_GAPS,
    Effect,
    Entry,
    Gap,
    HistoryUnavailable,
    Mark,
    Page,
    Query,
    Retention,
    State,
    Step,
    sql,
    states,
)
from livingmap.history.database import Database
from livingmap.history.disk import holdings
from livingmap.history.expiry import Expiry
from livingmap.history.holdings import Holdings
from livingmap.history.jsonb import decode, text
from livingmap.history.migrate import migrate
from livingmap.history.move import Move
from livingmap.history.postgres_rollups import PostgresRollUps
from livingmap.history.reading import Reading
from livingmap.history.row_writer import RowWriter, record
from livingmap.history.rows import Rows

_JSONB_VERSION: Final = b"\x01"  # of the binary format, which is this byte and the JSON text

_logger = structlog.get_logger(__name__)

# What one entry alone can be to blame for: a value out of range (found by the server, or by asyncpg: ValueError),
# an index row too large, JSON too deep.
_FAULTY_ENTRY: Final = (asyncpg.DataError, asyncpg.ProgramLimitExceededError, ValueError)


class PostgresHistory:
    """A `livingmap.history.History` in the database at ``url``. Its tables are migrated when it is opened.

    ``connecting`` is what asyncpg's ``connect`` is given besides.
    """

    def __init__(
        self,
        url: str,
        *,
        connecting: Mapping[str, Any] | None = None,
        migrations: Path | None = None,
        connections: int = 5,
    ) -> None:
        self._migrations = migrations
        self._database = Database(url, connecting or {}, connections, _prepare)
        self._ask = self._database.ask
        self.roll_ups = PostgresRollUps(self._ask)
        rows = Rows()
        self._reading = Reading(self._ask, rows)
        self._writer = RowWriter(self._ask, rows)
        self._expiry = Expiry(self._ask, rows)
        self._move = Move(self._ask, self._writer)

    async def open(self) -> None:
        """Connect and migrate, unless that is done. Raises HistoryUnavailable, or MigrationError for good."""
        await self._database.open(lambda connection: migrate(connection, self._migrations))

    async def close(self) -> None:
        """Close every connection, by force if that takes longer than a moment."""
        await self._database.close()

    async def write(self, entries: Sequence[Entry]) -> None:
        """Keep ``entries`` in one transaction; one that cannot be stored at all becomes a gap."""
        if not entries:
            return
        try:
            await self._writer.write(entries)
        except HistoryUnavailable as error:
            if not isinstance(error.__cause__, _FAULTY_ENTRY):
                raise
            await self._write_apart(entries, error.__cause__)

    async def _write_apart(self, entries: Sequence[Entry], error: Exception) -> None:
        """Write the halves, down to the one entry that the database does not take."""
        if len(entries) > 1:
            middle = len(entries) // 2
            await self.write(entries[:middle])
            await self.write(entries[middle:])
            return
        entry = entries[0]
        reason = f"{text(entry.event_type)[:100]} could not be stored: {error}"
        _logger.warning(
            "an entry could not be stored", position=str(entry.position), type=entry.event_type, error=str(error)
        )
        seq, received = entry.position.seq, entry.received_at
        await self.record_gap(Gap(entry.position.epoch, seq, seq, received, received, reason))

    async def read(self, query: Query) -> Page:
        """Return a page of the entries that ``query`` covers."""
        return await self._reading.page(query)

    async def entries_after(self, position: Position, limit: int) -> list[Entry]:
        """Return the entries after ``position`` in the same epoch, oldest first."""
        return await self._reading.after(position, limit)

    async def effects_after(self, position: Position, limit: int) -> list[Effect]:
        """Return what `entries_after` does, but only how each changed the map."""
        return await self._reading.effects_after(position, limit)

    async def entries_from(self, after: Mark | None, limit: int) -> list[Entry]:
        """Return the entries after a place, of whatever epoch, oldest first."""
        return await self._reading.since(after, limit)

    async def newest_at(self, time: datetime) -> Entry | None:
        """Return the newest entry whose place in the history is at ``time`` or before it."""
        return await self._reading.newest_at(time)

    async def write_state(self, state: State) -> None:
        """Keep ``state``; one of a position that is kept already stays as it is."""
        await self._ask(lambda connection: states.write(connection, state))

    async def state_before(self, position: Position) -> State | None:
        """Return the newest state of the epoch that is at ``position`` or before it."""
        return await self._ask(lambda connection: states.before(connection, position))

    async def oldest_state(self) -> State | None:
        """Return the oldest state by its place."""
        return await self._ask(states.oldest)

    async def gaps_in(self, start: datetime | None, end: datetime | None) -> list[Gap]:
        """Return the newest gaps that overlap a span of time, newest first."""
        rows = await self._ask(lambda connection: connection.fetch(sql.GAPS, start, end, MOST_GAPS))
        return [Gap(**row) for row in rows]

    async def last_seq(self, epoch: str) -> int | None:
        """Return the last ``seq`` of ``epoch`` that was ever written or recorded as lost."""
        seq: int | None = await self._ask(lambda connection: connection.fetchval(sql.LAST_SEQ, text(epoch)))
        return seq

    async def record_gap(self, gap: Gap) -> None:
        """Keep ``gap``; recorded again, it can only grow."""
        await self._ask(lambda connection: record(connection, gap))

    async def prune(self, now: datetime, retention: Retention) -> int:
        """Delete what is older than ``retention`` allows, a little at a time; return how many entries."""
        deleted = await self._expiry.prune(now, retention)
        await self._ask(lambda connection: connection.execute(sql.PRUNE_GAPS, retention.gap_cutoff(now)))
        for oldest in await self.entries_from(None, 1):
            await self._expiry.forget_states(oldest.mark)
        return deleted

    async def holdings(self, now: datetime) -> Holdings:
        """Return what is on disk."""
        return await self._ask(lambda connection: holdings(connection, now))

    async def move(self) -> Step | None:
        """Move some of what an earlier version wrote, in one transaction; None if all is moved."""
        return await self._move.step()


async def _prepare(connection: Any) -> None:
    """Let JSON and ids be bytes, but jsonb be objects on the way out."""
    await connection.set_type_codec(
        "jsonb",
        schema="pg_catalog",
        format="binary",
        encoder=lambda raw: _JSONB_VERSION + raw,
        decoder=lambda raw: decode(memoryview(raw)[1:]),
    )
    for name in ("json", "uuid"):
        await connection.set_type_codec(name, schema="pg_catalog", format="binary", encoder=bytes, decoder=bytes)
