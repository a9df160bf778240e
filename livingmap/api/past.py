"""Answers about the past: made once for each moment, and kept by clients for as long as they stay true."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from fastapi import Request, Response

from livingmap.access.view import Rights, View
from livingmap.api.prepared import Prepared, accepted_encoding
from livingmap.core.bounded import LRU
from livingmap.core.layers import layer_names
from livingmap.past.moment import Moment
from livingmap.past.past import Past, Shown
from livingmap.state.reader import MapReader
from livingmap.stream.layers import wanted

AT: Final = (
    "A moment of the past: a time (RFC 3339), a `cursor` of a snapshot or of the stream, "
    "or a time ago such as `-30s`, `-15m`, `-2h` or `-1d`"
)
MOST_TEXT: Final = 2000
CURRENT: Final = "private, no-cache"
_IMMUTABLE: Final = "private, immutable, max-age=31536000"
_SETTLED: Final = timedelta(minutes=1)
"""A moment that is older than this does not change any more."""
VARY: Final = "Accept-Encoding, Authorization, Cookie"
_MOST_PREPARED: Final = 8


class PastAnswers:
    """Answers requests about ``past``."""

    def __init__(self, reader: MapReader, past: Past) -> None:
        self.past = past
        self._reader = reader
        self._prepared: LRU[tuple[Moment, View], Prepared] = LRU(_MOST_PREPARED)

    async def shown(self, at: str, rights: Rights) -> Shown:
        """Return the map at a moment, given as clients write it. Raises MomentError and HistoryUnavailable."""
        return await self.past.shown(await self.past.moments.find(at), rights)

    async def snapshot(self, request: Request, at: str, layers: str | None, rights: Rights) -> Response:
        """Return the snapshot of a moment."""
        shown = await self.shown(at, rights)
        view = View(wanted(layers, layer_names(shown.layers)), rights)
        prepared = self._prepared.get((shown.moment, view)) if self.lasts(shown) else None
        if prepared is None:
            body = await self.past.snapshot(shown, view)
            prepared = await asyncio.to_thread(Prepared, body, "application/json", self.caching(shown))
            if self.lasts(shown):
                self._prepared.put((shown.moment, view), prepared)
        return await answer(request, prepared)

    def caching(self, shown: Shown) -> str:
        """Return how clients may keep an answer: for good if neither time nor rights can make it another."""
        return _IMMUTABLE if self.lasts(shown) else CURRENT

    def lasts(self, shown: Shown) -> bool:
        """Tell whether neither time nor rights can change what is shown."""
        is_settled = self._reader.now() - shown.moment.time > _SETTLED
        return is_settled and shown.moment.is_absolute and not shown.missing and not shown.is_restricted


async def answer(request: Request, prepared: Prepared, more: Mapping[str, str] | None = None) -> Response:
    """Return ``prepared`` as the answer to a request about the past."""
    encoding = accepted_encoding(request.headers.get("accept-encoding", ""))
    return await prepared.answer(request, encoding, {"vary": VARY, **(more or {})})
