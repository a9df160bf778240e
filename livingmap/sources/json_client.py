"""HTTP client for JSON: bounded requests with retries and a circuit breaker. The only user of httpx."""

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, TypeAlias

import httpx
import orjson
from purgatory import AsyncCircuitBreakerFactory
from purgatory.domain.model import OpenedState
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from livingmap import __version__
from livingmap.core.model import Json
from livingmap.errors import InvalidAnswer, NotFound, SourceError, Unreachable
from livingmap.hookspecs import Reply, Request
from livingmap.sources.conditional import Remembered, RememberedAnswers
from livingmap.sources.credentials import NO_CREDENTIALS, Credentials
from livingmap.sources.decoding import decoded, json_of
from livingmap.sources.rows import stays_below
from livingmap.sources.settings import ServiceSettings
from livingmap.supervision import within

FAILURES_TO_OPEN: Final = 3
POLL: Final = "poll"
DETAILS: Final = "details"
_SECRET_CHARACTERS: Final = 8
"""Shorter texts are words of the protocol, such as an action."""
_CLOSE_SECONDS: Final = 2.0
_UNANSWERED: Final = (
    "no sample or world answers it: record one, or ask the service itself by mock: false or --live"
)

Stub: TypeAlias = Callable[[Request], Reply | None]
"""Answers in a service's place: a mock world, or samples in a test."""

Sign: TypeAlias = Callable[[], Awaitable[Credentials]]
"""Returns what to send to be let in. Raises SourceError, OSError or ValueError; their messages may be shown."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request for JSON."""

    method: str
    path: str
    query: Mapping[str, Json] = field(default_factory=dict)
    body: Json = None
    """Sent as JSON; nothing is sent if it is None."""
    headers: Mapping[str, str] = field(default_factory=dict)

    def key(self) -> bytes:
        """Return what two equal requests have in common."""
        parts = [self.method, self.path, self.query, self.body, self.headers]
        return orjson.dumps(parts, default=str, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to one request."""

    value: Json
    next_url: str | None = None
    """The address of the next page, from the header ``Link``."""


async def _unsigned() -> Credentials:
    return NO_CREDENTIALS


def _stub_transport(source: str, stub: Stub) -> httpx.AsyncBaseTransport:
    async def answer(request: httpx.Request) -> httpx.Response:
        bearer = request.headers.get("authorization", "").removeprefix("Bearer ") or None
        received = Request(
            source,
            request.url.path,
            dict(request.url.params),
            bearer,
            request.method,
            orjson.loads(request.content) if request.content else None,
            dict(request.headers),
            tuple(request.url.params.multi_items()),
        )
        await asyncio.sleep(0)  # as a network would, let the rest of the program run between two answers
        reply = stub(received)
        if reply is None:  # no word of the service's address, which was not asked
            raise NotFound(f"{request.method} {request.url.path}: 404, {_UNANSWERED}", httpx.codes.NOT_FOUND)
        if isinstance(reply.body, bytes):
            return httpx.Response(reply.status, content=reply.body, headers=dict(reply.headers))
        content = json.dumps(reply.body).encode()
        headers = {"content-type": "application/json", **reply.headers}
        return httpx.Response(reply.status, content=content, headers=headers)

    return httpx.MockTransport(answer)


class JsonClient:
    """Client of one service, for as long as the program runs. With ``stub``, that answers, not the network.

    ``where`` is the service's place in the configuration, for errors. After ``reopen_seconds`` an open circuit
    lets one request through to try again. With ``remembers``, answers of polls that have a tag are asked for
    conditionally from then on.
    """

    def __init__(
        self,
        where: str,
        settings: ServiceSettings,
        stub: Stub | None = None,
        *,
        sign: Sign = _unsigned,
        reopen_seconds: float = 2.0,
        remembers: bool = False,
    ) -> None:
        self.where = where
        self.settings = settings
        self._sign = sign
        self._remembered = RememberedAnswers() if remembers else None
        self._last_error = ""
        self._http = httpx.AsyncClient(
            transport=_stub_transport(where.rpartition(".")[2], stub) if stub else None,
            verify=settings.ssl_context(),
            timeout=settings.timeout_seconds,
            trust_env=False,  # a proxy of the machine has no business between the map and its services
            headers={
                "accept": "application/json",
                "accept-encoding": "identity",  # no bombs, and the network between services is near
                "user-agent": f"livingmap/{__version__}",
            },
        )
        # Requests for details have a circuit and slots of their own, so that readers cannot hold up the polls.
        self._slots = {purpose: asyncio.Semaphore(settings.concurrency) for purpose in (POLL, DETAILS)}
        self._breakers = AsyncCircuitBreakerFactory(
            default_threshold=FAILURES_TO_OPEN,
            default_ttl=reopen_seconds,
            exclude=[(BaseException, lambda error: not isinstance(error, Unreachable))],
        )

    async def breaker(self) -> str:
        """Return the breaker's state: ``closed``, ``opened`` or ``half-opened``."""
        breaker = await self._breakers.get_breaker(POLL)
        return str(breaker.context.state)

    async def close(self) -> None:
        """Close the connections, or leave them behind if that takes long."""
        with contextlib.suppress(OSError):
            await within(_CLOSE_SECONDS, self._http.aclose(), f"closing {self.where}")

    async def get(self, path: str, query: Mapping[str, Json] | None = None, purpose: str = POLL) -> Json:
        """Return the JSON answer of a GET; see `livingmap.core.source.Client.get`."""
        return await self.request(Call("GET", path, query or {}), purpose)

    async def post(self, path: str, body: Json) -> Json:
        """Return the JSON answer of a POST, with the errors of `get`. It is repeated like a GET."""
        return await self.request(Call("POST", path, body=body))

    async def request(self, call: Call, purpose: str = POLL) -> Json:
        """Return the JSON answer to ``call``. Raises SourceError."""
        return (await self.exchange(call, purpose)).value

    async def exchange(self, call: Call, purpose: str = POLL) -> Answer:
        """Return the answer to ``call``, asked for with retries inside the breaker. Raises SourceError."""
        retrying = AsyncRetrying(
            stop=stop_after_attempt(self.settings.retries + 1),
            wait=wait_random_exponential(multiplier=0.2, max=2),
            retry=retry_if_exception_type(Unreachable),
            reraise=True,
        )
        async with self._slots[purpose]:
            try:
                async with await self._breakers.get_breaker(purpose):
                    return await retrying(self._attempt, call, purpose)
            except OpenedState as opened:
                opened_at = datetime.fromtimestamp(opened.opened_at, UTC).strftime("%H:%M:%SZ")
                raise Unreachable(
                    f"{self._last_error}; not asked again, the circuit is open since {opened_at}"
                ) from None
            except Unreachable as error:
                self._last_error = str(error)
                raise

    async def _attempt(self, call: Call, purpose: str) -> Answer:
        url = self.settings.base_url + call.path
        if not stays_below(call.path):
            raise InvalidAnswer(f"{url}: not asked, an id in it would lead elsewhere")
        try:
            remembered = self._remembered if purpose == POLL and call.method == "GET" else None
            sending = self._send(url, call, remembered)
            return await within(self.settings.timeout_seconds, sending, f"{call.method} {url}")
        except (TimeoutError, httpx.TimeoutException):
            raise Unreachable(f"{url}: no answer within {self.settings.timeout_seconds:g} s") from None
        except (httpx.TransportError, httpx.InvalidURL, ConnectionError) as error:
            raise Unreachable(f"{url}: {str(error) or type(error).__name__}") from None
        except OSError as error:
            raise Unreachable(f"{self.where}.{error}") from None
        except ValueError as error:
            raise Unreachable(f"{self.where}: {error}") from None

    async def _send(self, url: str, call: Call, remembered: RememberedAnswers | None) -> Answer:
        credentials = await self._sign()
        try:
            return await self._read(url, call, credentials, remembered)
        except SourceError as error:  # a service may repeat what it was sent
            for secret in filter(None, (*credentials.secrets, *_secrets(call))):
                error.args = (str(error).replace(secret, "***"), *error.args[1:])
            raise

    async def _read(
        self, url: str, call: Call, credentials: Credentials, remembered: RememberedAnswers | None
    ) -> Answer:
        before = remembered.get(call.key()) if remembered else None
        sent = {"json": call.body} if call.body is not None else {}
        async with self._http.stream(
            call.method,
            url,
            params={**call.query, **credentials.parameters},
            headers={
                **({"if-none-match": before.etag} if before else {}),
                **call.headers,
                **credentials.headers,
            },
            **sent,
        ) as response:
            if response.status_code == httpx.codes.NOT_MODIFIED and before is not None:
                return Answer(json_of(before.body), before.next_url)
            body = await self._body(url, response)
        value = decoded(url, response.status_code, response.headers, body)
        next_url = response.links.get("next", {}).get("url")
        if remembered is not None:
            remembered.note(call.key(), Remembered(response.headers.get("etag", ""), body, next_url))
        return Answer(value, next_url)

    async def _body(self, url: str, response: httpx.Response) -> bytes:
        if (encoding := response.headers.get("content-encoding", "identity")) != "identity":
            raise InvalidAnswer(f"{url}: the answer is encoded as {encoding!r}, which was not asked for")
        body, announced = bytearray(), response.headers.get("content-length", "")
        self._refuse_size(url, int(announced) if announced.isdecimal() else 0)
        async for chunk in response.aiter_bytes():
            body += chunk
            self._refuse_size(url, len(body))
        return bytes(body)

    def _refuse_size(self, url: str, size: int) -> None:
        if size > self.settings.max_bytes:
            raise InvalidAnswer(f"{url}: the answer is larger than max_bytes = {self.settings.max_bytes}")


def _secrets(call: Call) -> list[str]:
    """Return what a request says in confidence: its headers, and the longer texts of its body."""
    body = call.body.values() if isinstance(call.body, dict) else ()
    texts = [value for value in (*body, *call.headers.values()) if isinstance(value, str)]
    return [text for text in texts if len(text) >= _SECRET_CHARACTERS]
