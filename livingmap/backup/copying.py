"""What writing and restoring a backup have in common: a transaction that may take long, and a watch over it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any, Final, TypeAlias

from livingmap.backup import BackupError

ANSWER_SECONDS: Final = 86_400.0
"""For a statement that is not watched, such as a COMMIT of all."""
_STALL_SECONDS: Final = 300.0

Begun: TypeAlias = Callable[[str, int, int], object]
"""Gets the name of each table when it is begun, how many were done, and how many there are."""

_UNLIMITED: Final = """
SELECT set_config(name, '0', true) FROM pg_settings
WHERE name IN ('statement_timeout', 'idle_in_transaction_session_timeout', 'transaction_timeout')"""


async def lift_limits(connection: Any) -> None:
    """Let the transaction take as long as it needs, whatever the account is allowed otherwise."""
    await connection.execute(_UNLIMITED)


@contextlib.asynccontextmanager
async def watched(what: str, seconds: float = _STALL_SECONDS) -> AsyncIterator[Callable[[], None]]:
    """Yield a function to call at each progress. Raises BackupError after ``seconds`` without a call."""
    now = asyncio.get_running_loop().time
    try:
        async with asyncio.timeout(seconds) as limit:
            yield lambda: limit.reschedule(now() + seconds)
    except TimeoutError:
        raise BackupError(f"{what}: the database has not answered for {seconds:g} s") from None
