"""Replay of samples, in place of services that the simulation does not have."""

from collections.abc import Iterator
from datetime import datetime
from itertools import cycle

from livingmap.plugin import Message, Reply, Request, Samples, Source
from livingmap_mock.network import Network


class Replay:
    """One source's samples: always the same answers, and its messages one after another."""

    def __init__(self, source: Source) -> None:
        self._samples = Samples.load(source.samples) if source.samples else Samples()
        self._messages: Iterator[Message] = cycle(self._samples.messages)

    def reply(self, request: Request) -> Reply | None:
        """Answer as the samples say; None if none fits."""
        sample = self._samples.answer(request.path, request.query, request.method)
        return Reply(sample.body, sample.status) if sample else None

    def next_message(self, _: Network, __: datetime) -> list[Message]:
        """Return the next message, and after the last one the first again."""
        message = next(self._messages, None)
        return [message] if message else []
