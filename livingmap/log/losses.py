"""Losses: what publishers of core NATS said and the stream did not get, because it had no leader.

A stream in a cluster has no leader for some seconds after the server that leads it was killed. What is published
meanwhile without waiting for an answer reaches every subscriber and is not stored. So each process has an `Ear`.
What the stream lacks when it has a leader again becomes one entry of the log, appended by the process that leads:
from when, until when, how many messages, on which subjects. They are not appended themselves: a message that was
only late would be there twice.

Example: 100 messages per second are published, and the stream has no leader for 6 s. When nothing more was missed
for 5 s, the stream is read up to its end, and 600 of those that were carried are not among what it brought.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

import structlog
from nats.errors import Error as NatsError
from nats.js.api import StreamInfo
from nats.js.errors import Error as JetStreamError

from livingmap.core.fold import POSSIBLE_LOSS
from livingmap.core.model import Event, Json, Message
from livingmap.log import Log
from livingmap.log.declaration import Stream
from livingmap.log.ear import Deafness, Ear
from livingmap.log.unmatched import Surplus
from livingmap.transport.connection import NatsConnection

_LOOK_SECONDS: Final = 1.0
_UNDER_WAY_SECONDS: Final = 5.0
"""A message that was carried takes less time to come from the stream."""
_LONGEST_SECONDS: Final = 60.0
"""A loss that goes on for longer becomes several entries."""
_READ_SECONDS: Final = 30.0
_MOST_SUBJECTS: Final = 20

_logger = structlog.get_logger(__name__)


class Losses:
    """Reports what ``ear`` got and ``stream``, read as ``log`` over ``connection``, did not."""

    def __init__(
        self, ear: Ear, connection: NatsConnection, stream: Stream, log: Log, now: Callable[[], datetime]
    ) -> None:
        self._ear = ear
        self._connection = connection
        self._stream = stream
        self._log = log
        self._now = now
        self._is_reporting = False
        log.subscribe(self._take)

    def _take(self, event: Event) -> None:
        """Count a loss that any process has reported, and take what was missed by then as accounted for."""
        if event.type != POSSIBLE_LOSS or not self._log.progress.is_live:
            return
        status = self._connection.status
        status.missed += int(event.payload["messages"] or 0)
        status.missed_until = datetime.fromisoformat(event.payload["until"])
        if not self._is_reporting:
            present, unmatched = self._ear.seconds(), self._ear.unmatched
            unmatched.forget(unmatched.carried(present - _UNDER_WAY_SECONDS), present)

    async def report(self) -> None:
        """Append an entry whenever the stream turns out to have missed something, until cancelled.

        Meant for the process that leads. It waits at first: another one that led may not know yet that it does no
        more, and what that reports must not be reported again.
        """
        await asyncio.sleep(_UNDER_WAY_SECONDS)
        while True:
            until = self._ear.seconds() - _UNDER_WAY_SECONDS
            missed = self._ear.unmatched.carried(until)
            is_due = missed or self._ear.deafness
            if is_due and self._log.progress.is_live and not self._goes_on(missed, until):
                await self._look(until, self._ear.deafness)
            await asyncio.sleep(_LOOK_SECONDS)

    def _goes_on(self, missed: Sequence[Surplus], until: float) -> bool:
        """Tell whether more may be missed just now: then it becomes one entry with what was ``missed`` before."""
        ear = self._ear
        if missed and min(one.since for one in missed) < until - _LONGEST_SECONDS:
            return False
        is_deaf = not ear.listens or (ear.deafness is not None and ear.deafness.until > until)
        return is_deaf or bool(ear.unmatched.carried(ear.seconds() - _LOOK_SECONDS, after=until))

    async def _look(self, until: float, deafness: Deafness | None) -> None:
        """Read all that the stream has by now, and report what it lacks; not yet if it has no leader."""
        try:
            info = await self._info()
            await self._read_up_to(info.state.last_seq)
        except (NatsError, JetStreamError, OSError, TimeoutError):
            return
        missed = self._ear.unmatched.carried(until)
        if missed or (deafness and self._was_led_anew(deafness)):
            await self._report(missed, deafness)
        if self._ear.deafness == deafness:
            self._ear.deafness = None

    def _was_led_anew(self, deafness: Deafness) -> bool:
        """Tell whether the stream had no leader for a while since then: what was published may be lost."""
        led_anew_at = self._stream.led_anew_at
        return led_anew_at is not None and led_anew_at >= deafness.since

    async def _info(self) -> StreamInfo:
        client = self._connection.open_client
        if client is None:
            raise ConnectionError("NATS is away")
        return await self._stream.look(client)

    async def _read_up_to(self, seq: int) -> None:
        async with asyncio.timeout(_READ_SECONDS):
            while self._log.progress.read_up_to < seq:  # noqa: ASYNC110 - the log sets no event for a message
                await asyncio.sleep(_LOOK_SECONDS / 20)

    async def _report(self, missed: Sequence[Surplus], deafness: Deafness | None) -> None:
        payload, unmatched = self._payload(missed, deafness), self._ear.unmatched
        _logger.warning("the stream missed messages", **payload)
        self._is_reporting = True
        try:
            await self._log.append(Message(POSSIBLE_LOSS, payload))
        finally:
            self._is_reporting = False
        unmatched.forget(missed, self._ear.seconds())
        unmatched.has_overflowed = False

    def _payload(self, missed: Sequence[Surplus], deafness: Deafness | None) -> dict[str, Json]:
        times = [*(one.since for one in missed), *(deafness or ())]
        is_whole = deafness is None and self._ear.listens and not self._ear.unmatched.has_overflowed
        subjects = Counter[str]()
        for one in missed:
            subjects[one.subject] += one.lowest
        return {
            "from": self._time(min(times)),
            "until": self._time(max(times)),
            "messages": subjects.total() or None,  # how many there were is not known
            "at_least": not is_whole,
            "subjects": dict(subjects.most_common(_MOST_SUBJECTS)),
        }

    def _time(self, seconds: float) -> str:
        return (self._now() - timedelta(seconds=self._ear.seconds() - seconds)).isoformat()
