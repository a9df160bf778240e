"""Repeats: layers whose service answers as it did before, so that to read them again would find nothing."""

from dataclasses import dataclass
from typing import Final

from livingmap.core.model import CollectionKey
from livingmap.core.part import Part
from livingmap.sources.answer import Call
from livingmap.sources.poll_client import PollClient
from livingmap.sources.source_client import SourceClient

_LONG_BYTES: Final = 256 * 1024
"""From so many on, the answers of a layer are compared with those before, and if they are the same not read."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a complete fetch of a layer was answered."""

    calls: list[Call]
    revision: int
    """That of the part when the poll began."""
    missing: list[str]
    """The paths that were not asked for."""


class Repeats:
    """Knows of each layer of one source what it was answered last, where that was long and complete."""

    def __init__(self, service: SourceClient, part: Part) -> None:
        self._service = service
        self._part = part
        self._seen: dict[CollectionKey, _Seen] = {}

    def forget(self) -> None:
        """Know nothing any more: another process may have polled since."""
        self._seen.clear()

    async def is_repeat(self, key: CollectionKey, client: PollClient) -> bool:
        """Tell whether to read a layer would find nothing: it is answered as before, and only polls changed it.

        What is not the same is forgotten.
        """
        seen = self._seen.pop(key, None)
        if seen is None or seen.revision != self._part.revision or seen.missing != self._service.missing():
            return False
        if not await client.is_answered_as(seen.calls):
            return False
        self._seen[key] = seen
        return True

    def note(self, key: CollectionKey, client: PollClient, revision: int) -> None:
        """Note what a complete fetch was answered, in a poll that began at a ``revision`` of the part."""
        if client.is_repeatable and client.bytes_read >= _LONG_BYTES:
            self._seen[key] = _Seen(list(client.calls.values()), revision, self._service.missing())
