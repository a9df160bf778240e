"""Client of one poll: what its fetches ask the service, and what they read of the answers."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, TypeVar

from livingmap.core.model import Json
from livingmap.core.paging import Paging
from livingmap.core.shared import shared_json
from livingmap.errors import InvalidAnswer, NotFound, SourceError
from livingmap.sources.answer import Answer, Call
from livingmap.sources.json_client import POLL
from livingmap.sources.paging import all_rows
from livingmap.sources.pieces import plain
from livingmap.sources.poll_answers import PollAnswers
from livingmap.sources.rows import read_all, read_one, rows_in
from livingmap.sources.settings import SectionSettings

if TYPE_CHECKING:
    from livingmap.sources.source_client import SourceClient

M = TypeVar("M")

_BATCH_ROWS: Final = 500
_MOST_DROPPED: Final = 20
_MOST_NOTES: Final = 20


class PollClient:
    """The `livingmap.core.source.Client` of one poll: equal requests are sent once, bad rows are noted."""

    def __init__(self, service: "SourceClient", now: datetime, answers: PollAnswers) -> None:
        self._service = service
        self._now = now
        self._answers = answers
        self.calls: dict[bytes, Call] = {}
        """What was asked, each request with what is known of its answer."""
        self._uses = Counter[bytes]()
        """How often an answer was given to the fetch."""
        self.bytes_read = 0
        """How long these answers were."""
        self._time_was_read = False
        self._failed: set[str] = set()
        """The paths of which a request failed."""
        self.read_rows = 0
        """How many rows were read."""
        self.dropped_rows = 0
        self.dropped: list[str] = []
        """The first few rows that were of no use, each with the reason."""
        self.notes: list[str] = []

    @property
    def progress(self) -> dict[str, int]:
        """How many rows the poll has read, and how many items compared, as the health of the source shows it."""
        return self._answers.progress

    def progressed(self) -> int:
        """Return a number that grows while anything comes, or is read, in the poll."""
        return self._answers.progressed()

    @property
    def settings(self) -> SectionSettings:
        """The source's own validated section of the YAML."""
        return self._service.settings

    @property
    def now(self) -> datetime:
        """The time at which the poll started, UTC."""
        self._time_was_read = True
        return self._now

    @property
    def is_repeatable(self) -> bool:
        """Whether the same answers make the same rows: not if the time was read, or something failed.

        A path that the service lacks may have failed: while it counts as missing, it is not asked for again. Where
        it has answered as well, its answers are not asked for again either.
        """
        answered = {call.path for call in self.calls.values()}
        missing = set(self._service.missing())
        return not self._time_was_read and self._failed <= missing and answered.isdisjoint(missing)

    async def get(self, path: str, /, **query: Json) -> Json:
        """Return the decoded JSON answer; see `livingmap.core.source.Client.get`."""
        return (await self._ask(Call("GET", path, query))).value

    async def post(self, path: str, body: Json, /, **query: Json) -> Json:
        """Return the decoded JSON answer; see `livingmap.core.source.Client.post`."""
        return (await self._ask(Call("POST", path, query, body))).value

    async def get_all(self, path: str, paging: Paging, /, **query: Json) -> list[Json]:
        """Return the rows of all pages; see `livingmap.core.source.Client.get_all`."""
        return await all_rows(self._ask, self.settings.address, Call("GET", path, query), paging)

    async def let_go(self) -> None:
        """Forget the answers of the poll."""
        await self._answers.let_go()

    async def _ask(self, call: Call) -> Answer:
        try:
            answer = await self._answers.ask(call)
        except SourceError:
            self._failed.add(call.path)
            raise
        if call.known is None:
            key = call.key()
            self.calls[key] = replace(call, known=answer.known)
            self._uses[key] += 1
            self.bytes_read += answer.size
        return answer

    def _note_unused(self, key: bytes) -> None:
        """Note that nothing is made of an answer, which is not asked for again; others may have made use of it."""
        self._uses[key] -= 1
        if not self._uses[key]:
            self.calls.pop(key, None)

    def sibling(self) -> "PollClient":
        """Return another client of the same poll: what one has asked, the other need not ask again."""
        return PollClient(self._service, self._now, self._answers)

    async def is_answered_as(self, calls: Iterable[Call]) -> bool:
        """Tell whether the service still gives all the answers that another client's ``calls`` know."""
        try:
            for call in calls:
                answer = await self._ask(call)
                if call.known is None or answer.known.digest != call.known.digest:
                    return False  # of another call that knew more, the service may have said that it is the same
        except SourceError:  # the same request of a fetch raises it again
            return False
        return True

    async def first(
        self, *paths: str, accept: Callable[[Json], bool] = lambda _: True, **query: Json
    ) -> tuple[str, Json]:
        """Return the first path that exists and fits; see `livingmap.core.source.Client.first`."""
        candidates = [path for path in paths if not self._service.is_missing(path)] or paths
        missing: list[str] = []
        for path in candidates:
            try:
                answer = await self.get(path, **query)
            except NotFound as error:
                missing.append(str(error))
            else:
                if accept(answer):
                    return path, answer
                self._note_unused(Call("GET", path, query).key())
                missing.append(f"{path}: answers, but not with what is looked for here")
            self._service.note_missing(path)
        raise NotFound("; ".join(missing), HTTPStatus.NOT_FOUND)

    async def optional(
        self, path: str, /, *, accept: Callable[[Json], bool] = lambda _: True, **query: Json
    ) -> Json | None:
        """Return the answer or None; see `livingmap.core.source.Client.optional`."""
        if self._service.is_missing(path):
            return None
        with contextlib.suppress(NotFound):
            return (await self.first(path, accept=accept, **query))[1]
        return None

    def read(self, model: type[M], rows: Json, at: str = "") -> list[M]:
        """Return the valid rows; see `livingmap.core.source.Client.read`."""
        if not isinstance(rows, list):
            raise InvalidAnswer(f"{at}: expected an array, got {type(rows).__name__}")
        valid = [row for batch in self._valid(model, rows, at, 0) for row in batch]
        self._expect_some(len(rows), len(valid), at)
        return valid

    async def each(self, model: type[M], path: str, key: str = "items", /, **query: Json) -> AsyncIterator[M]:
        """Yield the valid rows of a list; see `livingmap.core.source.Client.each`."""
        answer = await self._ask(Call("GET", path, query))
        count = used = 0
        for rows in _pieces_of(answer, key, path):
            for valid in self._valid(model, rows, path, count):
                used += len(valid)
                for row in valid:
                    yield row
            count += len(rows)
            await asyncio.sleep(0)
        self._expect_some(count, used, path)
        self._answers.note_read(Call("GET", path, query))

    async def each_optional(
        self, model: type[M], path: str, key: str = "items", /, **query: Json
    ) -> AsyncIterator[M]:
        """Yield the valid rows of a list, if there is one; see `livingmap.core.source.Client.each_optional`."""
        if self._service.is_missing(path):
            return
        try:
            async for row in self.each(model, path, key, **query):
                yield row
        except NotFound:
            self._service.note_missing(path)

    def _valid(self, model: type[M], rows: list[Json], at: str, before: int) -> Iterator[list[M]]:
        """Yield the valid ones of ``rows``, some at a time: validating lets no other thread run."""
        self.read_rows += len(rows)
        self.progress["rows"] += len(rows)
        for start in range(0, len(rows), _BATCH_ROWS):
            batch = rows[start : start + _BATCH_ROWS]
            _share(batch)
            try:
                yield read_all(model, batch)
            except InvalidAnswer:  # one of them at least; each by itself then
                yield list(self._read_each(model, batch, at, before + start))

    def _expect_some(self, rows: int, valid: int, at: str) -> None:
        if rows and not valid:
            raise InvalidAnswer(f"{at}: none of {rows} rows is of the expected shape; {self.dropped[-1]}")

    def read_one(self, model: type[M], value: Json, at: str = "") -> M:
        """Return one valid object; see `livingmap.core.source.Client.read_one`."""
        return self.read(model, [value], at)[0]

    def note(self, text: str) -> None:
        """Keep what is odd in an answer; see `livingmap.core.source.Client.note`."""
        if text not in self.notes:
            self.notes = [*self.notes, text][:_MOST_NOTES]

    def _read_each(self, model: type[M], rows: list[Json], at: str, start: int) -> Iterator[M]:
        for index, row in enumerate(rows, start):
            try:
                yield read_one(model, row, f"{at}[{index}]")
            except InvalidAnswer as error:
                self.dropped_rows += 1
                self.dropped = [*self.dropped, str(error)][:_MOST_DROPPED]


def _share(rows: Iterable[Json]) -> None:
    """Let rows share the values that many of them have: all of a long list are in memory at once."""
    for row in rows:
        if isinstance(row, dict):
            for name, value in row.items():
                row[name] = shared_json(value)


def _pieces_of(answer: Answer, key: str, at: str) -> Iterator[list[Json]]:
    """Yield the rows of an answer, a long one piece by piece. Raises InvalidAnswer."""
    count = 0
    with contextlib.suppress(ValueError):  # it was cut in the wrong place, or is not JSON: then the whole says so
        for rows in answer.rows(key, plain) or ():
            yield rows
            count += len(rows)
        if count:
            return
    rows = rows_in(answer.value, key)
    if not isinstance(rows, list):
        raise InvalidAnswer(f"{at}: expected an array, got {type(rows).__name__}")
    yield rows[count:]


class RunningClient(PollClient):
    """The `livingmap.core.source.Client` of a run: it remembers no answer, and its clock goes on."""

    def __init__(self, service: "SourceClient", now: Callable[[], datetime]) -> None:
        super().__init__(service, now(), PollAnswers(service, POLL))
        self._clock = now

    @property
    def now(self) -> datetime:
        """The time, UTC."""
        return self._clock()

    async def _ask(self, call: Call) -> Answer:
        return await self._answers.ask_anew(call)
