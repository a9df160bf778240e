"""Decoding: what the stream stores turns into the events of the log, the same for every process that reads it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

from livingmap.core.model import Event, Message, Position
from livingmap.core.progress import Progress
from livingmap.core.route import matches
from livingmap.log.consumer import Stored, value
from livingmap.log.declaration import OWN
from livingmap.transport.parsing import DeadMessage, read, read_own
from livingmap.transport.settings import NatsSettings

TERM: Final = "Livingmap-Term"
"""The header that names the term of the leader whose word a message is."""

_BEGIN: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Decoder:
    """Decodes the messages of the stream; those on ``patterns`` and the map's own are entries of the log."""

    def __init__(self, settings: NatsSettings, patterns: Sequence[str]) -> None:
        self.wants = lru_cache(maxsize=4096)(self._is_wanted)
        """Whether the messages on a subject are entries of the log; the stream may have more."""
        self._most_bytes = settings.most_bytes
        self._own = f"{OWN}.{settings.stream}."
        self._patterns = list(patterns)

    def reads(self, patterns: Sequence[str]) -> bool:
        """Tell whether these are its patterns."""
        return self._patterns == list(patterns)

    def listen(self, patterns: Sequence[str]) -> None:
        """Take what is published on ``patterns`` for entries of the log from now on."""
        self._patterns = list(patterns)
        self.wants.cache_clear()

    def _is_wanted(self, subject: str) -> bool:
        return subject.startswith(self._own) or any(matches(pattern, subject) for pattern in self._patterns)

    def subject(self, event_type: str) -> str:
        """Return the subject on which entries of a type are published."""
        own = event_type.removeprefix(f"{OWN}.")
        return event_type if own == event_type else self._own + own

    def event(self, stored: Stored, progress: Progress) -> Event:
        """Return the entry that a message is, which becomes the position of ``progress``.

        Raises DeadMessage for one that cannot be an entry.
        """
        message = self._message(stored, progress)
        position = progress.position = Position(progress.position.epoch, stored.seq)
        return Event(position, message.type, message.payload, received_at(stored), message.size)

    def _message(self, stored: Stored, progress: Progress) -> Message:
        if not stored.subject.startswith(self._own):
            return read(stored.subject, stored.data, self._most_bytes)
        _check_term(stored, progress)
        return read_own(f"{OWN}.{stored.subject.removeprefix(self._own)}", stored.data)


def received_at(stored: Stored) -> datetime:
    """Return when the stream got a message, UTC."""
    return _BEGIN + timedelta(microseconds=stored.nanoseconds // 1000)


def _check_term(stored: Stored, progress: Progress) -> None:
    """Raise DeadMessage for the word of a leader that another has replaced since: it was paused, or cut off.

    All processes see the terms in the same order, so all of them leave out the same entries.
    """
    text = value(stored.headers or b"", TERM)
    term = int(text) if text.isdigit() else progress.term  # a process of an older version gives none
    if term < progress.term:
        raise DeadMessage(f"of a leader of term {term}, which that of term {progress.term} has replaced")
    progress.term = term
