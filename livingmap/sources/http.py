"""How services are asked: bounded GETs for JSON with retries and a circuit breaker. The only user of httpx."""

import asyncio
import json
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

import httpx
import orjson
from purgatory import AsyncCircuitBreakerFactory
from purgatory.domain.model import OpenedState
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from livingmap import __version__
from livingmap.core.model import Json
from livingmap.errors import Garbled, NotFound, Refused, SourceError, Unreachable
from livingmap.hookspecs import Reply, Request
from livingmap.sources.rows import read_all, read_one
from livingmap.sources.settings import SourceSettings

M = TypeVar("M")

FAILURES_TO_OPEN: Final = 3
POLL: Final = "poll"
DETAILS: Final = "details"
_MOST_DROPPED: Final = 20
_MISSING_SECONDS: Final = 3600
_EXCERPT: Final = 60

Stub = Callable[[Request], Reply | None]
"""Answers in a service's place: a mock world, or samples in a test."""


def _stub_transport(source: str, stub: Stub) -> httpx.AsyncBaseTransport:
    async def answer(request: httpx.Request) -> httpx.Response:
        bearer = request.headers.get("authorization", "").removeprefix("Bearer ") or None
        asked = Request(source, request.url.path, dict(request.url.params), bearer)
        await asyncio.sleep(0)  # as a network would, let the rest of the program run between two answers
        reply = stub(asked) or Reply({"detail": "Not Found"}, httpx.codes.NOT_FOUND)
        if isinstance(reply.body, bytes):
            return httpx.Response(reply.status, content=reply.body)
        content = json.dumps(reply.body).encode()
        return httpx.Response(reply.status, content=content, headers={"content-type": "application/json"})

    return httpx.MockTransport(answer)


class Service:
    """One source's service, for as long as the program runs. With ``stub`` that is asked, not the network."""

    def __init__(self, name: str, settings: SourceSettings, stub: Stub | None = None) -> None:
        self.name = name
        self.settings = settings
        self._last = ""
        self._missing: dict[str, float] = {}
        self._http = httpx.AsyncClient(
            transport=_stub_transport(name, stub) if stub else None,
            timeout=settings.timeout_seconds,
            trust_env=False,  # a proxy of the machine has no business between the map and its services
            headers={
                "accept": "application/json",
                "accept-encoding": "identity",  # no bombs, and the network between services is near
                "user-agent": f"livingmap/{__version__}",
            },
        )
        # Readers who ask for details have a circuit and slots of their own: they must not hold up the polls.
        self._slots = {purpose: asyncio.Semaphore(settings.concurrency) for purpose in (POLL, DETAILS)}
        self._breakers = AsyncCircuitBreakerFactory(
            default_threshold=FAILURES_TO_OPEN,
            default_ttl=settings.interval_seconds * 0.8,  # so that every poll may try once
            exclude=[(BaseException, lambda error: not isinstance(error, Unreachable))],
        )

    def client(self, now: datetime, purpose: str = POLL) -> "PollClient":
        """Return a client for one poll that starts ``now``, or for another purpose with its own circuit."""
        return PollClient(self, now, purpose)

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
        breaker = await self._breakers.get_breaker(POLL)
        return str(breaker.context.state)

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def get(self, path: str, query: dict[str, Json], purpose: str) -> Json:
        """Ask once, with retries inside the breaker; see `livingmap.core.source.Client.get`."""
        again = AsyncRetrying(
            stop=stop_after_attempt(self.settings.retries + 1),
            wait=wait_random_exponential(multiplier=0.2, max=2),
            retry=retry_if_exception_type(Unreachable),
            reraise=True,
        )
        async with self._slots[purpose]:
            try:
                async with await self._breakers.get_breaker(purpose):
                    return await again(self._attempt, path, query)
            except OpenedState as opened:
                shut = datetime.fromtimestamp(opened.opened_at, UTC).strftime("%H:%M:%SZ")
                raise Unreachable(f"{self._last}; not asked again, the circuit is open since {shut}") from None
            except Unreachable as error:
                self._last = str(error)
                raise

    async def _attempt(self, path: str, query: dict[str, Json]) -> Json:
        url = self.settings.base_url + path
        try:
            async with asyncio.timeout(self.settings.timeout_seconds):
                return await self._exchange(url, query)
        except (TimeoutError, httpx.TimeoutException):
            raise Unreachable(f"{url}: no answer within {self.settings.timeout_seconds:g} s") from None
        except (httpx.TransportError, httpx.InvalidURL) as error:
            raise Unreachable(f"{url}: {str(error) or type(error).__name__}") from None
        except OSError as error:
            raise Unreachable(f"sources.{self.name}.token_file: {error}") from None
        except ValueError as error:
            raise Unreachable(f"sources.{self.name}: {error}") from None

    async def _exchange(self, url: str, query: dict[str, Json]) -> Json:
        bearer = self.settings.bearer()
        try:
            return await self._read(url, query, {"authorization": f"Bearer {bearer}"} if bearer else {})
        except SourceError as error:  # a service may repeat what it was sent
            if bearer and bearer in str(error):
                error.args = (str(error).replace(bearer, "***"), *error.args[1:])
            raise

    async def _read(self, url: str, query: dict[str, Json], headers: dict[str, str]) -> Json:
        async with self._http.stream("GET", url, params=query, headers=headers) as response:
            if (encoding := response.headers.get("content-encoding", "identity")) != "identity":
                raise Garbled(f"{url}: the answer is encoded as {encoding!r}, which was not asked for")
            body, announced = bytearray(), response.headers.get("content-length", "")
            self._refuse_size(url, int(announced) if announced.isdecimal() else 0)
            async for chunk in response.aiter_bytes():
                body += chunk
                self._refuse_size(url, len(body))
        return _decoded(url, response, bytes(body))

    def _refuse_size(self, url: str, size: int) -> None:
        if size > self.settings.max_bytes:
            raise Garbled(f"{url}: the answer is larger than max_bytes = {self.settings.max_bytes}")


def _decoded(url: str, response: httpx.Response, body: bytes) -> Json:
    status = response.status_code
    if status == httpx.codes.NOT_FOUND:
        raise NotFound(f"{url}: 404 {_excerpt(body)}", status)
    if status == httpx.codes.TOO_MANY_REQUESTS or status >= httpx.codes.INTERNAL_SERVER_ERROR:
        raise Unreachable(f"{url}: {status} {_excerpt(body)}")
    if status >= httpx.codes.BAD_REQUEST:
        raise Refused(f"{url}: {status} {_excerpt(body)}", status)
    if status >= httpx.codes.MULTIPLE_CHOICES:
        raise Garbled(f"{url}: {status} redirect to {response.headers.get('location')!r} is not followed")
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        kind = response.headers.get("content-type", "no content type")
        raise Garbled(f"{url}: {status} is no JSON ({kind}, {error}): {_excerpt(body)}") from None


def _excerpt(body: bytes) -> str:
    text = body[: _EXCERPT + 1].decode("utf-8", "replace").replace("\n", " ")
    return repr(text[:_EXCERPT] + "…" if len(text) > _EXCERPT else text)


@dataclass(slots=True)
class _Answer:
    """What came of one GET of a poll; whoever asks for the same waits for it."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    value: Json = None
    error: SourceError | None = None
    there: bool = False


class PollClient:
    """The `livingmap.core.source.Client` of one poll: equal GETs are sent once, bad rows are noted."""

    def __init__(self, service: Service, now: datetime, purpose: str) -> None:
        self._service = service
        self._purpose = purpose
        self._now = now
        self._answers: dict[tuple[Any, ...], _Answer] = {}
        self.read_rows = 0
        self.dropped_rows = 0
        self.dropped: list[str] = []
        """The first few rows that were of no use, each with the reason."""

    @property
    def settings(self) -> SourceSettings:
        """The source's own validated section of the YAML."""
        return self._service.settings

    @property
    def now(self) -> datetime:
        """The time at which the poll started, UTC."""
        return self._now

    async def get(self, path: str, **query: Json) -> Json:
        """Return the decoded JSON answer; see `livingmap.core.source.Client.get`."""
        answer = self._answers.setdefault((path, *sorted(query.items())), _Answer())
        async with answer.lock:
            if not answer.there:
                try:
                    answer.value = await self._service.get(path, query, self._purpose)
                except SourceError as error:
                    answer.error = error
                answer.there = True
        if answer.error is not None:
            raise answer.error
        return answer.value

    async def first(
        self, *paths: str, accept: Callable[[Json], bool] = lambda _: True, **query: Json
    ) -> tuple[str, Json]:
        """Return the first path that exists and fits; see `livingmap.core.source.Client.first`."""
        left = [path for path in paths if not self._service.is_missing(path)] or paths
        missing: list[str] = []
        for path in left:
            try:
                answer = await self.get(path, **query)
            except NotFound as error:
                missing.append(str(error))
            else:
                if accept(answer):
                    return path, answer
                missing.append(f"{path}: answers, but not with what is looked for here")
            self._service.note_missing(path)
        raise NotFound("; ".join(missing), httpx.codes.NOT_FOUND)

    async def optional(self, path: str, **query: Json) -> Json | None:
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
            raise Garbled(f"{at}: expected an array, got {type(rows).__name__}")
        self.read_rows += len(rows)
        try:
            return read_all(model, rows)
        except Garbled:  # one of them at least; each by itself then
            return self._read_each(model, rows, at)

    def _read_each(self, model: type[M], rows: list[Json], at: str) -> list[M]:
        good: list[M] = []
        for index, row in enumerate(rows):
            try:
                good.append(read_one(model, row, f"{at}[{index}]"))
            except Garbled as error:
                self.dropped_rows += 1
                self.dropped = [*self.dropped, str(error)][:_MOST_DROPPED]
        if rows and not good:
            raise Garbled(f"{at}: none of {len(rows)} rows is of the expected shape; {self.dropped[-1]}")
        return good
