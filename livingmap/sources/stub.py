"""Stubs: what answers in a service's place, as a transport of httpx."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final, TypeAlias

import httpx
import orjson

from livingmap.core.model import Json
from livingmap.errors import NotFound
from livingmap.hookspecs import Reply, Request

_ROWS_AT_ONCE: Final = 200
_UNANSWERED: Final = (
    "no sample or world answers it: record one, or ask the service itself by mock: false or --live"
)

Stub: TypeAlias = Callable[[Request], Awaitable[Reply | None] | Reply | None]
"""Answers in a service's place: a mock world, or samples in a test."""


def stub_transport(source: str, stub: Stub) -> httpx.AsyncBaseTransport:
    """Return what sends the requests of a source to ``stub``."""

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
        replying = stub(received)
        reply = await replying if isinstance(replying, Awaitable) else replying
        if reply is None:  # no word of the service's address, which was not asked
            raise NotFound(f"{request.method} {request.url.path}: 404, {_UNANSWERED}", httpx.codes.NOT_FOUND)
        if isinstance(reply.body, bytes):
            return httpx.Response(reply.status, content=reply.body, headers=dict(reply.headers))
        rows = reply.body if isinstance(reply.body, list) and len(reply.body) > _ROWS_AT_ONCE else None
        content = _json(reply.body) if rows is None else _encoded(rows)
        headers = {"content-type": "application/json", **reply.headers}
        return httpx.Response(reply.status, content=content, headers=headers)

    return httpx.MockTransport(answer)


def _json(value: Json) -> bytes:
    try:
        return orjson.dumps(value)
    except TypeError:  # an integer of more than 64 bits, which a service may send
        return json.dumps(value).encode()


async def _encoded(rows: list[Json]) -> AsyncIterator[bytes]:
    """Yield the JSON of a long list piece by piece, as it would come from a network."""
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        piece = _json(rows[start : start + _ROWS_AT_ONCE])
        yield (b"," if start else b"[") + piece[1:-1]
        await asyncio.sleep(0)
    yield b"]"
