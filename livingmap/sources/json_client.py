"""HTTP client for JSON: bounded requests with retries and a circuit breaker."""

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, TypeAlias

import httpx
from purgatory import AsyncCircuitBreakerFactory
from purgatory.domain.model import OpenedState
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from livingmap import __version__, tracing
from livingmap.core.model import Json
from livingmap.errors import InvalidAnswer, SourceError, Unreachable
from livingmap.sources.aiohttp_transport import AiohttpTransport
from livingmap.sources.answer import Answer, Call, Known
from livingmap.sources.conditional import Remembered, RememberedAnswers
from livingmap.sources.credentials import NO_CREDENTIALS, Credentials
from livingmap.sources.decoding import check_status, not_json
from livingmap.sources.pieces import Body
from livingmap.sources.rows import stays_below
from livingmap.sources.settings import ServiceSettings
from livingmap.sources.stub import Stub, stub_transport
from livingmap.supervision import within

FAILURES_TO_OPEN: Final = 3
POLL: Final = "poll"
DETAILS: Final = "details"
_SECRET_CHARACTERS: Final = 8
"""Shorter texts are words of the protocol, such as an action."""
_CLOSE_SECONDS: Final = 2.0
_CHUNK_BYTES: Final = 64 * 1024
_HEADERS: Final = {
    "accept": "application/json",
    "accept-encoding": "identity",  # no bombs, and the network between services is near
    "user-agent": f"livingmap/{__version__}",
}

Sign: TypeAlias = Callable[[], Awaitable[Credentials]]
"""Returns what to send to be let in. Raises SourceError, OSError or ValueError; their messages may be shown."""


async def _unsigned() -> Credentials:
    return NO_CREDENTIALS


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
        self._transport: httpx.AsyncBaseTransport
        if stub:
            self._transport = stub_transport(where.rpartition(".")[2], stub)
        else:  # a proxy of the machine has no business between the map and its services
            self._transport = AiohttpTransport(settings.ssl_context(), settings.timeout_seconds)
        self._cookies = httpx.Cookies()
        self._is_closed = False
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
            self._is_closed = True
            await within(_CLOSE_SECONDS, self._transport.aclose(), f"closing {self.where}")

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
        with tracing.request(call.method, url):
            return await self._in_time(url, call, purpose)

    async def _in_time(self, url: str, call: Call, purpose: str) -> Answer:
        try:
            remembered = self._remembered if purpose == POLL and call.method == "GET" else None
            received = _Received()
            sending = self._send(url, call, remembered, received)
            return await within(self.settings.timeout_seconds, sending, f"{call.method} {url}", received.progress)
        except (TimeoutError, httpx.TimeoutException):
            raise Unreachable(f"{url}: no answer within {self.settings.timeout_seconds:g} s") from None
        except (httpx.TransportError, httpx.InvalidURL, ConnectionError) as error:
            raise Unreachable(f"{url}: {str(error) or type(error).__name__}") from None
        except OSError as error:
            raise Unreachable(f"{self.where}.{error}") from None
        except ValueError as error:
            raise Unreachable(f"{self.where}: {error}") from None

    async def _send(
        self, url: str, call: Call, remembered: RememberedAnswers | None, received: "_Received"
    ) -> Answer:
        credentials = await self._sign()
        try:
            return await self._read(url, call, credentials, remembered, received)
        except SourceError as error:
            raise _discreet(error, credentials, call)  # noqa: B904 - it is the same one

    async def _read(
        self,
        url: str,
        call: Call,
        credentials: Credentials,
        remembered: RememberedAnswers | None,
        received: "_Received",
    ) -> Answer:
        before = remembered.get(call.key()) if remembered else None
        etag = before.etag if before else call.known.etag if call.known else ""
        sent = {"json": call.body} if call.body is not None else {}
        request = httpx.Request(
            call.method,
            url,
            params={**call.query, **credentials.parameters},
            headers={
                **_HEADERS,
                **tracing.headers(),
                **({"if-none-match": etag} if etag else {}),
                **call.headers,
                **credentials.headers,
            },
            cookies=self._cookies,
            **sent,
        )
        async with self._sent(request) as response:
            tracing.note_status(response.status_code)
            if response.status_code == httpx.codes.NOT_MODIFIED and etag:
                return _not_modified(call, etag, before)
            body, digest = await self._body(url, response, received)
        status, headers = response.status_code, response.headers
        check_status(url, status, headers, body)
        next_url = response.links.get("next", {}).get("url")
        digest.update((next_url or "").encode())  # a page that is the same may no longer be the last
        known = Known(headers.get("etag", ""), digest.digest())

        def invalid(error: ValueError, body: Body) -> SourceError:
            return _discreet(not_json(url, status, headers, body, error), credentials, call)

        is_unchanged = call.known is not None and known.digest == call.known.digest
        answer = Answer(body, next_url, invalid, known, is_unchanged)
        if remembered is not None:
            remembered.note(call.key(), Remembered(known, body, next_url))
        return answer

    @contextlib.asynccontextmanager
    async def _sent(self, request: httpx.Request) -> AsyncIterator[httpx.Response]:
        """Send a request by the transport alone: what httpx adds is for redirects and users, and leaves cycles."""
        if self._is_closed:
            raise RuntimeError(f"{self.where}: the connections are closed")
        response = await self._transport.handle_async_request(request)
        response.request = request
        try:
            cookies = response.headers.get("set-cookie")
            if cookies and cookies.isascii():  # RFC 6265, 4.1.1: others httpx cannot send
                self._cookies.extract_cookies(response)
            yield response
        finally:
            await response.aclose()

    async def _body(
        self, url: str, response: httpx.Response, received: "_Received"
    ) -> tuple[Body, hashlib.blake2b]:
        if (encoding := response.headers.get("content-encoding", "identity")) != "identity":
            raise InvalidAnswer(f"{url}: the answer is encoded as {encoding!r}, which was not asked for")
        body, announced = bytearray(), response.headers.get("content-length", "")
        digest = hashlib.blake2b(digest_size=16)
        self._refuse_size(url, int(announced) if announced.isdecimal() else 0)
        async for chunk in response.aiter_bytes():
            body += chunk
            digest.update(chunk)
            received.bytes += len(chunk)
            self._refuse_size(url, len(body))
        return body, digest

    def _refuse_size(self, url: str, size: int) -> None:
        if size > self.settings.max_bytes:
            raise InvalidAnswer(f"{url}: the answer is larger than max_bytes = {self.settings.max_bytes}")


@dataclass(slots=True)
class _Received:
    """How much of an answer has come."""

    bytes: int = 0

    def progress(self) -> int:
        """Return a number that grows with each 64 KiB: a service that sends byte by byte does not go on."""
        return self.bytes // _CHUNK_BYTES


def _not_modified(call: Call, etag: str, before: Remembered | None) -> Answer:
    """Return the answer that the service says is still the one with the tag."""
    if call.known is not None and call.known.etag == etag:
        return Answer(b"", None, _not_json_any_more, call.known, is_unchanged=True)
    assert before is not None  # noqa: S101 - the tag is of one of the two
    return Answer(before.body, before.next_url, _not_json_any_more, before.known)


def _not_json_any_more(error: ValueError, _: Body) -> SourceError:
    """Return the error of an answer that was JSON when it came."""
    return InvalidAnswer(str(error))


def _discreet(error: SourceError, credentials: Credentials, call: Call) -> SourceError:
    """Return ``error`` without secrets: a service may repeat what it was sent."""
    for secret in filter(None, (*credentials.secrets, *_secrets(call))):
        error.args = (str(error).replace(secret, "***"), *error.args[1:])
    return error


def _secrets(call: Call) -> list[str]:
    """Return what a request says in confidence: its headers, and the longer texts of its body."""
    body = call.body.values() if isinstance(call.body, dict) else ()
    texts = [value for value in (*body, *call.headers.values()) if isinstance(value, str)]
    return [text for text in texts if len(text) >= _SECRET_CHARACTERS]
