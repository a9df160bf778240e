"""Ingest: events from those that can only call, each for one source, with a token of that source's own."""

import hashlib
import hmac
import uuid
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

import orjson

from livingmap.core.fold import Fold
from livingmap.core.freshness import shortened
from livingmap.core.model import Event, Json, Message
from livingmap.core.route import matches
from livingmap.errors import LivingMapError
from livingmap.log import Log
from livingmap.sources.poll import Poller
from livingmap.supervision import within
from livingmap.transport.parsing import DeadMessage, read

MOST_BYTES: Final = 64 * 1024
"""Size of the largest event that is taken."""
_STORE_SECONDS: Final = 10.0


class RefusedEvent(LivingMapError):
    """An event that the source can do nothing with. Sending it again would not help."""


class LogAway(LivingMapError):
    """The log takes nothing now. The same event may be sent again."""


class Ingest:
    """Takes events for the sources of ``pollers`` into ``log``. ``fold`` says what their handlers make of them."""

    def __init__(
        self, pollers: Callable[[], Mapping[str, Poller]], log: Log, fold: Fold, now: Callable[[], datetime]
    ) -> None:
        self._pollers = pollers
        self._log = log
        self._fold = fold
        self._now = now

    def takes(self, source: str) -> bool:
        """Tell whether there is a source of this name that has a token."""
        poller = self._pollers().get(source)
        return poller is not None and poller.service.settings.takes_events

    def admits(self, source: str, token: str) -> bool:
        """Tell whether ``token`` is that of a source that `takes` events. Raises OSError if it cannot be read."""
        expected = self._pollers()[source].service.settings.expected_token()
        return bool(expected) and hmac.compare_digest(token.encode(), expected.encode())

    async def take(self, source: str, subject: str, payload: Json, key: str | None = None) -> bool:
        """Append an event; return whether it was new: an event is taken once under one ``key``.

        Raises RefusedEvent or LogAway.
        """
        message = self._message(source, subject, payload)
        progress = self._log.progress
        if not progress.is_live or progress.is_on_its_own or progress.away_since is not None:
            raise LogAway("the map has no connection to its log; try again in a moment")
        name = hashlib.sha256(f"{source}\0{key}".encode()).hexdigest() if key else uuid.uuid4().hex
        try:
            return await within(_STORE_SECONDS, self._log.append_once(message, name), "storing an event")
        except OSError as error:
            raise LogAway(f"the log did not take it: {error}") from None

    def _message(self, source: str, subject: str, payload: Json) -> Message:
        """Return the event as a message of the log that the source's handler can fold."""
        patterns = self._pollers()[source].source.handlers
        if not any(matches(pattern, subject) for pattern in patterns):
            handled = ", ".join(sorted(patterns))
            raise RefusedEvent(f"subject: {source} does not handle {subject!r} (it handles: {handled})")
        try:
            message = read(subject, orjson.dumps(payload))
        except DeadMessage as dead:
            raise RefusedEvent(f"payload: {dead}") from None
        event = Event(self._log.position, message.type, message.payload, self._now(), message.size)
        if fault := self._fold.trial(source, event):
            raise RefusedEvent(f"payload: {source} can do nothing with it: {shortened(fault)}")
        return message
