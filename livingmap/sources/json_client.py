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
from livingmap.core import numbers
from livingmap.core.model import Json
from livingmap.errors import InvalidAnswer, NotFound, RequestRejected, SourceError, Unreachable
from livingmap.hookspecs import Reply, Request
from livingmap.sources.rows import stays_below
from livingmap.sources.settings import ServiceSettings
from livingmap.supervision import within

FAILURES_TO_OPEN: Final = 3
POLL: Final = "poll"
DETAILS: Final = "details"
_EXCERPT: Final = 60
_SECRET_CHARACTERS: Final = 8
"""Shorter texts are words of the protocol, such as an action."""
_CLOSE_SECONDS: Final = 2.0

Stub: TypeAlias = Callable[[Request], Reply | None]
"""Answers in a service's place: a mock world, or samples in a test."""

Bearer: TypeAlias = Callable[[], Awaitable[str | None]]
"""Returns the token to send. Raises SourceError, OSError or ValueError, with a message that may be shown."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request for JSON."""

    method: str
    path: str
    query: Mapping[str, Json] = field(default_factory=dict)
    body: Json = None
    """Sent as JSON; nothing is sent if it is None."""
    headers: Mapping[str, str] = field(default_factory=dict)


async def _no_bearer() -> str | None:
    return None


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
        )
        await asyncio.sleep(0)  # as a network would, let the rest of the program run between two answers
        reply = stub(received) or Reply({"detail": "Not Found"}, httpx.codes.NOT_FOUND)
        if isinstance(reply.body, bytes):
            return httpx.Response(reply.status, content=reply.body)
        content = json.dumps(reply.body).encode()
        return httpx.Response(reply.status, content=content, headers={"content-type": "application/json"})

    return httpx.MockTransport(answer)


class JsonClient:
    """Client of one service, for as long as the program runs. With ``stub``, that answers, not the network.

    ``where`` is the service's place in the configuration, for errors. After ``reopen_seconds`` an open circuit
    lets one request through to try again.
    """

    def __init__(
        self,
        where: str,
        settings: ServiceSettings,
        stub: Stub | None = None,
        *,
        bearer: Bearer = _no_bearer,
        reopen_seconds: float = 2.0,
    ) -> None:
        self.where = where
        self.settings = settings
        self._bearer = bearer
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
        """Return the JSON answer to ``call``, asked for with retries inside the breaker. Raises SourceError."""
        retrying = AsyncRetrying(
            stop=stop_after_attempt(self.settings.retries + 1),
            wait=wait_random_exponential(multiplier=0.2, max=2),
            retry=retry_if_exception_type(Unreachable),
            reraise=True,
        )
        async with self._slots[purpose]:
            try:
                async with await self._breakers.get_breaker(purpose):
                    return await retrying(self._attempt, call)
            except OpenedState as opened:
                opened_at = datetime.fromtimestamp(opened.opened_at, UTC).strftime("%H:%M:%SZ")
                raise Unreachable(
                    f"{self._last_error}; not asked again, the circuit is open since {opened_at}"
                ) from None
            except Unreachable as error:
                self._last_error = str(error)
                raise

    async def _attempt(self, call: Call) -> Json:
        url = self.settings.base_url + call.path
        if not stays_below(call.path):
            raise InvalidAnswer(f"{url}: not asked, an id in it would lead elsewhere")
        try:
            return await within(self.settings.timeout_seconds, self._send(url, call), f"{call.method} {url}")
        except (TimeoutError, httpx.TimeoutException):
            raise Unreachable(f"{url}: no answer within {self.settings.timeout_seconds:g} s") from None
        except (httpx.TransportError, httpx.InvalidURL, ConnectionError) as error:
            raise Unreachable(f"{url}: {str(error) or type(error).__name__}") from None
        except OSError as error:
            raise Unreachable(f"{self.where}.token_file: {error}") from None
        except ValueError as error:
            raise Unreachable(f"{self.where}: {error}") from None

    async def _send(self, url: str, call: Call) -> Json:
        bearer = await self._bearer()
        headers = {**call.headers, **({"authorization": f"Bearer {bearer}"} if bearer else {})}
        try:
            return await self._read(url, call, headers)
        except SourceError as error:  # a service may repeat what it was sent
            for secret in filter(None, (bearer, *_secrets(call))):
                error.args = (str(error).replace(secret, "***"), *error.args[1:])
            raise

    async def _read(self, url: str, call: Call, headers: Mapping[str, str]) -> Json:
        sent = {"json": call.body} if call.body is not None else {}
        async with self._http.stream(
            call.method, url, params=dict(call.query), headers=headers, **sent
        ) as response:
            if (encoding := response.headers.get("content-encoding", "identity")) != "identity":
                raise InvalidAnswer(f"{url}: the answer is encoded as {encoding!r}, which was not asked for")
            body, announced = bytearray(), response.headers.get("content-length", "")
            self._refuse_size(url, int(announced) if announced.isdecimal() else 0)
            async for chunk in response.aiter_bytes():
                body += chunk
                self._refuse_size(url, len(body))
        return _decoded(url, response, bytes(body))

    def _refuse_size(self, url: str, size: int) -> None:
        if size > self.settings.max_bytes:
            raise InvalidAnswer(f"{url}: the answer is larger than max_bytes = {self.settings.max_bytes}")


def _secrets(call: Call) -> list[str]:
    """Return what a request says in confidence: its headers, and the longer texts of its body."""
    body = call.body.values() if isinstance(call.body, dict) else ()
    texts = [value for value in (*body, *call.headers.values()) if isinstance(value, str)]
    return [text for text in texts if len(text) >= _SECRET_CHARACTERS]


def _decoded(url: str, response: httpx.Response, body: bytes) -> Json:
    status = response.status_code
    if status == httpx.codes.NOT_FOUND:
        raise NotFound(f"{url}: 404 {_excerpt(body)}", status)
    if status == httpx.codes.TOO_MANY_REQUESTS or status >= httpx.codes.INTERNAL_SERVER_ERROR:
        raise Unreachable(f"{url}: {status} {_excerpt(body)}")
    if status >= httpx.codes.BAD_REQUEST:
        raise RequestRejected(f"{url}: {status} {_excerpt(body)}", status)
    if status >= httpx.codes.MULTIPLE_CHOICES:
        raise InvalidAnswer(f"{url}: {status} redirect to {response.headers.get('location')!r} is not followed")
    try:
        value = orjson.loads(body)
        return numbers.decode(body) if numbers.may_be_rounded(body) else value
    except ValueError as error:
        kind = response.headers.get("content-type", "no content type")
        raise InvalidAnswer(f"{url}: {status} is not JSON ({kind}, {error}): {_excerpt(body)}") from None


def _excerpt(body: bytes) -> str:
    text = body[: _EXCERPT + 1].decode("utf-8", "replace").replace("\n", " ")
    return repr(text[:_EXCERPT] + "…" if len(text) > _EXCERPT else text)
