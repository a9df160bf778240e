"""Acknowledgements: somebody has seen a problem, and it is to be quiet until a time. They are entries of the log.

Example: at 12:00 the operator acknowledges that ``agents`` is down, until 18:00. Every process reads that entry,
and calls the problem acknowledged. The source comes back at 13:00 and goes down again at 14:00: that problem began
after the acknowledgement, so it is open.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog

from livingmap.core.fold import ACKNOWLEDGED, Folded
from livingmap.core.model import Fields, Json
from livingmap.history import History, HistoryUnavailable, Query

_STATE: Final = "acknowledged"
"""The name under which checkpoints have them."""
MOST: Final = 1000
"""How many are remembered; the oldest makes room."""
_AGAIN_SECONDS: Final = 300.0
"""What a process finds so soon after it began may be what was acknowledged before."""
_LOOK_SECONDS: Final = 1.0

_logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """What somebody said of a problem."""

    id: str
    """Of the problem."""
    at: datetime
    until: datetime
    since: datetime
    """Since when the problem was open, as far as the process that was told knew."""
    by: str | None = None
    """The id of an actor; None on a map without access control."""
    note: str = ""


class Acknowledgements:
    """All that hold. A follower of the log, kept in checkpoints."""

    def __init__(self) -> None:
        self._by_problem: dict[str, Acknowledgement] = {}
        self._began: datetime | None = None
        self._recalled: dict[str, tuple[datetime, datetime] | None] = {}
        """What `recall` took: since when the log of this process has the problem, and since when it was open."""

    def begin(self, now: datetime) -> None:
        """Note when this process began, once."""
        self._began = self._began or now

    def of(self, problem: str, since: datetime, now: datetime) -> Acknowledgement | None:
        """Return the one that holds for a problem which is open ``since`` then."""
        one = self._by_problem.get(problem)
        return one if one is not None and since <= one.at and now < one.until else None

    def since(self, problem: str, now: datetime) -> datetime | None:
        """Return since when a problem was open that was acknowledged before this process began; None if later.

        A process that has just begun finds problems anew, and does not know that they were there before.
        """
        self.begin(now)
        one, began = self._by_problem.get(problem), self._began or now
        is_early = now - began <= timedelta(seconds=_AGAIN_SECONDS)
        return one.since if one is not None and is_early and one.at <= began < one.until else None

    def since_in_log(self, problem: str, since: datetime, now: datetime) -> datetime:
        """Return since when a problem is open that the log has ``since`` then.

        A log that begins with the process has it anew: if it was recalled, it was open before. That holds for this
        once; should the problem come back, it is another one.
        """
        if problem not in self._recalled:
            return since
        if self._recalled[problem] is None and (earlier := self.since(problem, now)) is not None:
            self._recalled[problem] = since, earlier
        again = self._recalled[problem]
        return again[1] if again is not None and again[0] == since else since

    def take(self, payload: Fields, at: datetime) -> None:
        """Take an entry of the log, of which ``payload`` is what was said. What makes no sense is left out."""
        try:
            until, since = (datetime.fromisoformat(payload[name]) for name in ("until", "since"))
            self._put(Acknowledgement(str(payload["id"]), at, until, since, payload["by"], str(payload["note"])))
        except (KeyError, TypeError, ValueError) as error:
            _logger.debug("an acknowledgement makes no sense", error=f"{type(error).__name__}: {error}")

    def recall(self, payload: Fields, at: datetime) -> None:
        """Take an entry of before this process, unless there is a later one."""
        problem = str(payload.get("id"))
        if problem not in self._by_problem:
            self.take(payload, at)
            self._recalled[problem] = None

    def _put(self, one: Acknowledgement) -> None:
        if one.until.tzinfo is None or one.since.tzinfo is None:
            raise ValueError("a time without an offset")
        self._by_problem.pop(one.id, None)
        self._by_problem[one.id] = one
        kept = [other for other in self._by_problem.values() if other.until > one.at][-MOST:]
        self._by_problem = {other.id: other for other in kept}

    # as a follower of the log

    def on_entry(self, folded: Folded, _: int) -> None:
        """Take an entry."""
        if folded.event.type == ACKNOWLEDGED:
            self.take(folded.event.payload, folded.event.received_at)

    def on_restored(self) -> None:
        """Do nothing: what was kept has been restored."""

    # as something that is kept in checkpoints

    def states(self) -> Iterator[tuple[str, Json]]:
        """Yield them as JSON."""
        yield _STATE, [_to_json(one) for one in self._by_problem.values()]

    def restore(self, states: Mapping[str, Json]) -> None:
        """Restore what `states` yielded."""
        self._by_problem = {one.id: one for one in map(_from_json, states.get(_STATE, ()))}


async def recall(acknowledgements: Acknowledgements, history: History, is_open: Callable[[], bool]) -> None:
    """Take what the history has of before this process, for a log that does not: it begins with the process."""
    while not is_open():  # noqa: ASYNC110 - the writer sets no event
        await asyncio.sleep(_LOOK_SECONDS)
    is_reported = False
    while True:
        try:
            page = await history.read(Query(event_types=(ACKNOWLEDGED,), limit=MOST))
            break
        except HistoryUnavailable as error:
            if not is_reported:
                _logger.warning("what was acknowledged before cannot be read from the history", error=str(error))
            is_reported = True
            await asyncio.sleep(_LOOK_SECONDS)
    for entry in page.entries:  # the newest first
        acknowledgements.recall(entry.payload, entry.received_at)


def payload_of(one: Acknowledgement, **about: Json) -> dict[str, Json]:
    """Return the payload of the entry that brings an acknowledgement, with what it is ``about``."""
    payload = _to_json(one)
    del payload["at"]  # that is the time of the entry
    return {**payload, **about}


def _to_json(one: Acknowledgement) -> dict[str, Json]:
    return {
        name: value.isoformat() if isinstance(value, datetime) else value for name, value in asdict(one).items()
    }


_TIMES: Final = ("at", "until", "since")


def _from_json(value: Mapping[str, Json]) -> Acknowledgement:
    at, until, since = (datetime.fromisoformat(value[name]) for name in _TIMES)
    return Acknowledgement(value["id"], at, until, since, value["by"], value["note"])
