"""The answers of one poll: equal requests are sent once, for all layers that are fetched."""

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from livingmap.errors import SourceError
from livingmap.sources.answer import Answer, Call
from livingmap.sources.plugin_thread import on

if TYPE_CHECKING:
    from livingmap.sources.source_client import SourceClient

_SLOTS: Final = 2
"""For each request that may be under way one more waits to be next. Hundreds that begin at once would all be begun
in one turn of the map's loop."""
_MOST_BYTES: Final = 8 * 1024 * 1024
"""Of the answers that are kept: what came before is asked for again if a fetch wants it."""


@dataclass(slots=True)
class _Asked:
    """The result of one request of a poll; equal requests wait for it."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    answer: Answer | None = None
    error: SourceError | None = None


class PollAnswers:
    """What a service has answered during one poll, or to another purpose with its own circuit."""

    def __init__(self, service: "SourceClient", purpose: str) -> None:
        self._service = service
        self._purpose = purpose
        self._home = asyncio.get_running_loop()
        """Where the service is asked; what a plugin makes of the answers may be computed elsewhere."""
        self._slots = asyncio.Semaphore(_SLOTS * service.concurrency)
        self._asked: dict[bytes, _Asked] = {}
        self.progress = {"rows": 0, "compared": 0}
        """How many rows all fetches have read, and how many items were compared."""
        self._bytes = 0
        """How many bytes the answers had."""
        self._kept = 0
        """Of these, how many are kept."""

    async def ask(self, call: Call) -> Answer:
        """Return the answer to ``call``, which is asked once. Raises SourceError, to each that asks."""
        asked = self._asked.setdefault(call.key(), _Asked())
        async with asked.lock:
            if call.known is None and asked.answer is not None and not asked.answer.size:
                asked.answer = None  # the service only said that it is the same
            if asked.answer is None and asked.error is None:
                try:
                    async with self._slots:
                        asked.answer = await self.ask_anew(call)
                    self._bound(asked.answer)
                except SourceError as error:
                    asked.error = error
        if asked.answer is None:
            raise asked.error or AssertionError
        return asked.answer

    async def ask_anew(self, call: Call) -> Answer:
        """Return the answer to ``call`` as it is now, and keep nothing. Raises SourceError."""
        return await on(self._home, self._service.ask(call, self._purpose))

    def progressed(self) -> int:
        """Return a number that grows while the poll goes on: a layer may wait for the requests of others."""
        return self._bytes + self.progress["rows"]

    def note_read(self, call: Call) -> None:
        """Let go of an answer that was read if it is very long: its rows take as much memory again."""
        asked = self._asked.get(call.key())
        if asked is not None and asked.answer is not None and asked.answer.size > _MOST_BYTES:
            self._kept -= asked.answer.size
            del self._asked[call.key()]

    async def let_go(self) -> None:
        """Forget the answers, one after another: to free a large one takes a while."""
        while self._asked:
            _, asked = self._asked.popitem()
            if asked.answer is not None:
                await asked.answer.let_go()

    def _bound(self, answer: Answer) -> None:
        """Forget the oldest answers if they are too long together."""
        self._bytes += answer.size
        self._kept += answer.size
        for key, asked in list(self._asked.items()) if self._kept > _MOST_BYTES else ():
            if asked.answer is not None and asked.answer is not answer and self._kept > _MOST_BYTES:
                self._kept -= asked.answer.size
                del self._asked[key]
