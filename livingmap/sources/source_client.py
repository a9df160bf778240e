"""Client of one source's service: remembers which paths the service lacks, and gives each poll its own client."""

import asyncio
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Final, TypeVar

from livingmap.core.model import Json
from livingmap.core.paging import Paging
from livingmap.errors import InvalidAnswer, NotFound, RequestRejected, SourceError
from livingmap.sources.account import Account
from livingmap.sources.credentials import Credentials
from livingmap.sources.json_client import POLL, Answer, Call, JsonClient, Stub
from livingmap.sources.paging import all_rows
from livingmap.sources.plugin_thread import on
from livingmap.sources.rows import read_all, read_one
from livingmap.sources.settings import SectionSettings, SourceSettings

M = TypeVar("M")

_BATCH_ROWS: Final = 500
_MOST_DROPPED: Final = 20
_MOST_NOTES: Final = 20
_MISSING_SECONDS: Final = 3600


class SourceClient:
    """One source's service, for as long as the program runs. With ``stub``, that answers, not the network.

    Requests carry the token of ``account``, or without one the credentials of the settings. A source that asks
    nothing by HTTP has no service: each request is refused.
    """

    def __init__(
        self, name: str, settings: SectionSettings, stub: Stub | None = None, account: Account | None = None
    ) -> None:
        self.name = name
        self.settings = settings
        self._missing: dict[str, float] = {}
        self._account = account
        self._json = self._http(settings, stub) if isinstance(settings, SourceSettings) else None

    def _http(self, settings: SourceSettings, stub: Stub | None) -> JsonClient:
        account = self._account

        async def sign() -> Credentials:
            own = settings.credentials()
            return own.with_bearer(await account.bearer()) if account else own

        return JsonClient(
            f"sources.{self.name}",
            settings,
            stub,
            sign=sign,
            reopen_seconds=settings.interval_seconds * 0.8,  # so that every poll may try once
            remembers=True,
        )

    def client(self, now: datetime, purpose: str = POLL) -> "PollClient":
        """Return a client for one poll that starts ``now``, or for another purpose with its own circuit."""
        return PollClient(self, now, purpose)

    def running_client(self, now: Callable[[], datetime]) -> "RunningClient":
        """Return a client for what asks for longer than a poll lasts."""
        return RunningClient(self, now)

    def is_missing(self, path: str) -> bool:
        """Tell whether the service had no such path less than an hour ago."""
        return time.monotonic() - self._missing.get(path, -math.inf) < _MISSING_SECONDS

    def note_missing(self, path: str) -> None:
        """Remember that the service has no such path."""
        self._missing[path] = time.monotonic()

    def missing(self) -> list[str]:
        """Return the paths that are not asked for now because they were not there."""
        return sorted(path for path in self._missing if self.is_missing(path))

    async def breaker(self) -> str:
        """Return the breaker's state: ``closed``, ``opened`` or ``half-opened``."""
        return await self._json.breaker() if self._json else "closed"

    async def close(self) -> None:
        """Close the connections."""
        if self._json:
            await self._json.close()

    async def ask(self, call: Call, purpose: str) -> Answer:
        """Return the answer to ``call``; see `livingmap.core.source.Client`."""
        if self._json is None:
            raise InvalidAnswer(f"sources.{self.name}: has no base_url; its settings are no SourceSettings")
        try:
            return await self._json.exchange(call, purpose)
        except RequestRejected as error:
            if self._account is not None and error.status == HTTPStatus.UNAUTHORIZED:
                self._account.distrust()
            raise


@dataclass(slots=True)
class _Asked:
    """The result of one request of a poll; equal requests wait for it."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    answer: Answer | None = None
    error: SourceError | None = None


class PollClient:
    """The `livingmap.core.source.Client` of one poll: equal requests are sent once, bad rows are noted."""

    def __init__(self, service: SourceClient, now: datetime, purpose: str) -> None:
        self._service = service
        self._purpose = purpose
        self._now = now
        self._home = asyncio.get_running_loop()
        """Where the service is asked; what a plugin makes of the answers may be computed elsewhere."""
        self._asked: dict[bytes, _Asked] = {}
        self.read_rows = 0
        self.dropped_rows = 0
        self.dropped: list[str] = []
        """The first few rows that were of no use, each with the reason."""
        self.notes: list[str] = []

    @property
    def settings(self) -> SectionSettings:
        """The source's own validated section of the YAML."""
        return self._service.settings

    @property
    def now(self) -> datetime:
        """The time at which the poll started, UTC."""
        return self._now

    async def get(self, path: str, /, **query: Json) -> Json:
        """Return the decoded JSON answer; see `livingmap.core.source.Client.get`."""
        return (await self._ask(Call("GET", path, query))).value

    async def post(self, path: str, body: Json, /, **query: Json) -> Json:
        """Return the decoded JSON answer; see `livingmap.core.source.Client.post`."""
        return (await self._ask(Call("POST", path, query, body))).value

    async def get_all(self, path: str, paging: Paging, /, **query: Json) -> list[Json]:
        """Return the rows of all pages; see `livingmap.core.source.Client.get_all`."""
        return await all_rows(self._ask, self.settings.address, Call("GET", path, query), paging)

    async def _ask(self, call: Call) -> Answer:
        asked = self._asked.setdefault(call.key(), _Asked())
        async with asked.lock:
            if asked.answer is None and asked.error is None:
                try:
                    asked.answer = await on(self._home, self._service.ask(call, self._purpose))
                except SourceError as error:
                    asked.error = error
        if asked.answer is None:
            raise asked.error or AssertionError
        return asked.answer

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
                missing.append(f"{path}: answers, but not with what is looked for here")
            self._service.note_missing(path)
        raise NotFound("; ".join(missing), HTTPStatus.NOT_FOUND)

    async def optional(self, path: str, /, **query: Json) -> Json | None:
        """Return the answer or None; see `livingmap.core.source.Client.optional`."""
        if self._service.is_missing(path):
            return None
        try:
            return await self.get(path, **query)
        except NotFound:
            self._service.note_missing(path)
            return None

    def read(self, model: type[M], rows: Json, at: str = "") -> list[M]:
        """Return the valid rows; see `livingmap.core.source.Client.read`."""
        if not isinstance(rows, list):
            raise InvalidAnswer(f"{at}: expected an array, got {type(rows).__name__}")
        self.read_rows += len(rows)
        valid: list[M] = []
        for start in range(0, len(rows), _BATCH_ROWS):  # validating lets no other thread run
            batch = rows[start : start + _BATCH_ROWS]
            try:
                valid += read_all(model, batch)
            except InvalidAnswer:  # one of them at least; each by itself then
                valid += self._read_each(model, batch, at, start)
        if rows and not valid:
            raise InvalidAnswer(f"{at}: none of {len(rows)} rows is of the expected shape; {self.dropped[-1]}")
        return valid

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


class RunningClient(PollClient):
    """The `livingmap.core.source.Client` of a run: it remembers no answer, and its clock goes on."""

    def __init__(self, service: SourceClient, now: Callable[[], datetime]) -> None:
        super().__init__(service, now(), POLL)
        self._clock = now

    @property
    def now(self) -> datetime:
        """The time, UTC."""
        return self._clock()

    async def _ask(self, call: Call) -> Answer:
        return await on(self._home, self._service.ask(call, self._purpose))
