"""Requests to a map's HTTP API: snapshot, entities, history, and the stream as server-sent events."""

import asyncio
import contextlib
import inspect
import json
import ssl as tls
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Self, TypeAlias
from urllib.parse import quote, urlsplit

import httpx

from livingmap.client.errors import MapError, Refused, TooLarge, Unreachable, error_of
from livingmap.client.messages import Snapshot, check_answer, check_snapshot, decoded

Token: TypeAlias = str | Callable[[], str | Awaitable[str | None] | None] | None
"""A token, or what is asked for one before every request and every connection. None: anonymous."""

_JSON: Final = "application/json"
_EVENTS: Final = "text/event-stream"
_PAGE: Final = 1000


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a client waits, and how much it takes."""

    opening_seconds: float = 10.0
    """For an answer, or for the first message of a stream."""
    silence_seconds: float = 35.0
    """For the next message. A map sends one at least every 15 s: after this time the connection counts as dead."""
    max_bytes: int = 256 * 1024 * 1024
    """For one answer or one message, uncompressed."""


class MapClient:
    """A client of the HTTP API of the map at ``url``. Use it in ``async with``.

    ``layers`` are names of layers, ``ssl`` is for a map whose certificate the system does not trust. Redirects are
    not followed: a token is sent to ``url`` and nowhere else. Every method raises MapError.
    """

    def __init__(
        self,
        url: str,
        *,
        token: Token = None,
        limits: Limits | None = None,
        ssl: tls.SSLContext | None = None,
    ) -> None:
        self.limits = limits or Limits()
        self.ssl = ssl
        self._base = _base(url)
        self._token = token
        self.token_sent: str | None = None
        """The token that was asked for last."""
        # Certificates take long to load, and without TLS nobody asks for them.
        verify = ssl or self._base.startswith("https:")
        self._http = httpx.AsyncClient(timeout=self.limits.opening_seconds, verify=verify)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections. Again does no harm."""
        await self._http.aclose()

    async def snapshot(self, layers: Sequence[str] | None = None, *, at: str | None = None) -> Snapshot:
        """Return the whole state, or some of its layers; ``at`` a time, a cursor or ``-15m``, as it was then."""
        return check_snapshot(await self.get("snapshot", layers=joined(layers), at=at))

    async def entity(self, entity_id: str, *, at: str | None = None) -> dict[str, Any]:
        """Return one entity in full, by its id or an alias. Raises Refused for one that is not on the map."""
        name = quote(entity_id, safe=":")
        if not name.strip("."):
            name = name.replace(".", "%2E")  # or else it would lead to another path
        answer: dict[str, Any] = await self.get(f"entities/{name}", at=at)
        return answer

    def entities(self, **query: str) -> AsyncGenerator[dict[str, Any], None]:
        """Yield the catalogue, in order of id: all, or what ``type``, ``layer``, ``status`` and ``q`` select.

        With ``at`` as it was then.
        """
        return self._pages("entities", query)

    def history(self, **query: str) -> AsyncGenerator[dict[str, Any], None]:
        """Yield the entries of the log, newest first.

        All that are kept, or those that ``since``, ``until``, ``event_type``, ``entity_id``, ``field`` and
        ``source`` select.
        """
        return self._pages("history", query)

    async def diff(
        self,
        since: str,
        until: str | None = None,
        *,
        layers: Sequence[str] | None = None,
        summary: bool = False,
        language: str = "en",
    ) -> dict[str, Any]:
        """Return how the map changed between two moments, the second being now by default.

        With ``summary`` what that comes to, in a language, in place of the changes. Moments are as for `snapshot`.
        """
        query = {"from": since, "to": until, "layers": joined(layers), "summary": "true" if summary else None}
        return check_answer("diff", await self._json("diff", query, language))

    async def series(
        self,
        entity_id: str,
        field: str,
        *,
        since: str | None = None,
        until: str | None = None,
        points: int | None = None,
    ) -> dict[str, Any]:
        """Return what a number of an entity was over time: lowest, mean and highest value of each point."""
        query = {"entity_id": entity_id, "field": field, "from": since, "to": until, "points": points}
        return check_answer("series", await self._json("series", query))

    async def timeline(
        self, since: str | None = None, until: str | None = None, *, points: int | None = None
    ) -> dict[str, Any]:
        """Return how much happened over time, what was in trouble, and what is not known."""
        query = {"from": since, "to": until, "points": points}
        return check_answer("timeline", await self._json("timeline", query))

    async def totals(
        self,
        kind: str,
        field: str,
        *,
        by: str | None = None,
        only: Sequence[str] | None = None,
        since: str | None = None,
        until: str | None = None,
        points: int | None = None,
        limit: int | None = None,
    ) -> dict[str, Any]:
        """Return what a number of all things of a type comes to over time, and what is unusual in it.

        In all, and by what their relation ``by`` refers to; ``only`` are ids of things.
        """
        query = {
            "type": kind,
            "field": field,
            "by": by,
            "only": joined(only),
            "from": since,
            "to": until,
            "points": points,
            "limit": limit,
        }
        return check_answer("totals", await self._json("totals", query))

    async def problems(self, language: str = "en", **query: str) -> dict[str, Any]:
        """Return what is wrong now, in a language.

        All, or what ``severity``, ``code``, ``source`` and ``state`` select.
        """
        return check_answer("page", await self._json("problems", query, language))

    async def acknowledge(
        self, problem_id: str, *, until: str | None = None, note: str = "", language: str = "en"
    ) -> dict[str, Any]:
        """Say that somebody has seen a problem, until a time or for eight hours. Return the problem.

        For administrators.
        """
        body = {"note": note} if until is None else {"note": note, "until": until}
        path = f"problems/{quote(problem_id, safe='')}/acknowledge"
        answer: dict[str, Any] = await self._json(path, {}, language, body)
        return answer

    async def sentences(self) -> dict[str, Any]:
        """Return the texts of events, as the plugins have them: see `EventTexts`."""
        return check_answer("sentences", await self.get("sentences"))

    async def types(self, language: str = "en") -> dict[str, Any]:
        """Return what there may be on the map: ``types`` and ``layers``, with their words in a language."""
        answer: dict[str, Any] = await self._json("types", {}, language)
        return answer

    async def _pages(self, path: str, query: dict[str, str]) -> AsyncGenerator[dict[str, Any], None]:
        cursor: str | None = None
        while True:
            page = check_answer("page", await self.get(path, **{"limit": _PAGE, **query, "cursor": cursor}))
            for item in page["items"]:
                yield item
            cursor = page.get("next_cursor")
            if cursor is None:
                return

    async def get(self, path: str, **query: Any) -> Any:
        """Return the JSON answer of ``GET /living-map/<path>``; parameters that are None are left out."""
        return await self._json(path, query)

    async def _json(
        self, path: str, query: dict[str, Any], language: str | None = None, body: dict[str, Any] | None = None
    ) -> Any:
        text = bytearray()
        async with self._answer(path, query, _JSON, language=language, body=body) as answer:
            async for chunk in answer.aiter_bytes():
                text += chunk
                if len(text) > self.limits.max_bytes:
                    raise TooLarge(f"{self.address(path)}: more than {self.limits.max_bytes} bytes")
        return decoded(bytes(text))

    @contextlib.asynccontextmanager
    async def events(self, **query: str | None) -> AsyncIterator[AsyncIterator[bytes]]:
        """Open the stream as server-sent events; give its bytes. They wait without limit for the next."""
        async with self._answer("events", query, _EVENTS, read_seconds=None) as answer:
            yield answer.aiter_bytes()

    @contextlib.asynccontextmanager
    async def _answer(
        self,
        path: str,
        query: dict[str, Any],
        accept: str,
        *,
        language: str | None = None,
        body: dict[str, Any] | None = None,
        read_seconds: float | None = -1,
    ) -> AsyncIterator[httpx.Response]:
        address = self.address(path)
        headers = {"Accept": accept, **await self.headers()}
        if language is not None:
            headers["Accept-Language"] = language
        seconds = self.limits.opening_seconds
        timeout = httpx.Timeout(seconds, read=seconds if read_seconds == -1 else read_seconds)
        params = {name: value for name, value in query.items() if value is not None}
        method = "GET" if body is None else "POST"
        request = self._http.build_request(
            method, address, params=params, headers=headers, timeout=timeout, json=body
        )
        try:
            async with asyncio.timeout(seconds):  # a stream may be silent for long, but not before its first line
                answer = await self._http.send(request, stream=True)
            try:
                if not answer.is_success:
                    raise await _problem(answer)
                yield answer
            finally:
                await answer.aclose()
        except httpx.HTTPError as error:
            raise Unreachable(f"{address}: {str(error) or type(error).__name__}") from error
        except TimeoutError as error:
            raise Unreachable(f"{address}: no answer within {seconds:g} s") from error

    def address(self, path: str, scheme: str = "http") -> str:
        """Return the address of a path of the API, for ``http`` or, for WebSockets, ``ws``."""
        return f"{self._base.replace('http', scheme, 1)}/living-map/{path}"

    async def headers(self) -> dict[str, str]:
        """Return the headers that say who asks, with a token that was asked for just now."""
        token = await self.token()
        return {"Authorization": f"Bearer {token}"} if token else {}

    async def token(self) -> str | None:
        """Return the token of this moment. Raises MapError for one that a header cannot carry."""
        answer = self._token() if callable(self._token) else self._token
        token = await answer if inspect.isawaitable(answer) else answer
        if token and not all("!" <= char <= "~" for char in token):
            raise MapError("the token holds white space or characters that no header can carry")
        self.token_sent = token or None
        return self.token_sent


def joined(layers: Sequence[str] | None) -> str | None:
    """Return names of layers as the parameter ``layers`` has them."""
    return None if layers is None else ",".join(layers)


def _base(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Refused(f"{url}: not the address of a map; write it like http://127.0.0.1:7017")
    if parts.username is not None or parts.query or parts.fragment:
        raise Refused("the address of a map has no credentials, query or fragment; give a token as token=")
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"


async def _problem(answer: httpx.Response) -> MapError:
    """Return the error that an answer says: RFC 9457 from the map, anything from what stands before it."""
    detail, code = answer.reason_phrase, None
    if "location" in answer.headers:
        detail = f"moved to {answer.headers['location']}; use that address"
    else:
        with contextlib.suppress(ValueError, KeyError, TypeError):
            problem = json.loads(await answer.aread())
            detail, code = problem["detail"], problem.get("code")
    return error_of(f"{answer.url}: {answer.status_code}: {detail}", status=answer.status_code, code=code)
