"""The snapshot: prepared bytes, per encoding, made anew only when something has changed."""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Annotated, Final

import brotli
import orjson
import zstandard
from fastapi import APIRouter, Query, Request, Response
from isal import igzip
from starlette.types import ASGIApp, Receive, Scope, Send

from livingmap import __version__
from livingmap.api.models import Snapshot
from livingmap.api.picture import Picture
from livingmap.api.problems import documented
from livingmap.core.units import instant
from livingmap.core.view import layer, layer_names
from livingmap.stream.layers import wanted

PATH: Final = "/living-map/snapshot"
_MOST_VIEWS: Final = 32
_THREAD_FROM: Final = 64 * 1024

ENCODERS: Final[dict[str, Callable[[bytes], bytes]]] = {
    "zstd": lambda body: zstandard.compress(body, 1),
    "br": lambda body: brotli.compress(body, quality=4),
    "gzip": lambda body: igzip.compress(body, mtime=0),
}
"""In the order in which they are preferred."""


@dataclass(slots=True)
class _Prepared:
    """One view at one revision, as bytes."""

    tag: str
    body: bytes
    encoded: dict[str, bytes] = field(default_factory=dict)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    def etag(self, encoding: str) -> str:
        """Return the strong validator of these bytes in one encoding (RFC 9110, 8.8.3.3)."""
        return f'"{self.tag}"' if encoding == "identity" else f'"{self.tag}-{encoding}"'


class Snapshots:
    """Makes snapshots of ``picture`` and keeps their bytes for as long as nothing changes."""

    def __init__(self, picture: Picture) -> None:
        self._picture = picture
        self._fragments: dict[str, tuple[int, bytes]] = {}
        self._prepared: OrderedDict[tuple[str, ...] | None, tuple[tuple[str, int, int], _Prepared]] = OrderedDict()

    def prepared(self, wanted: tuple[str, ...] | None = None) -> _Prepared:
        """Return the bytes of the layers ``wanted``, all by default."""
        revision = self._picture.revision
        known = self._prepared.get(wanted)
        if known and known[0] == revision:
            self._prepared.move_to_end(wanted)
            return known[1]
        made = self._make(wanted)
        self._prepared[wanted] = revision, made
        self._prepared.move_to_end(wanted)
        if len(self._prepared) > _MOST_VIEWS:
            self._prepared.popitem(last=False)
        return made

    async def encoded(self, prepared: _Prepared, encoding: str) -> bytes:
        """Return the body in ``encoding``, compressed once, large ones beside the event loop."""
        async with prepared.lock:
            if encoding not in prepared.encoded:
                encode = ENCODERS[encoding]
                large = len(prepared.body) >= _THREAD_FROM
                prepared.encoded[encoding] = (
                    await asyncio.to_thread(encode, prepared.body) if large else encode(prepared.body)
                )
        return prepared.encoded[encoding]

    def _make(self, wanted: tuple[str, ...] | None) -> _Prepared:
        picture, now = self._picture, self._picture.now()
        names = layer_names(picture.scene) if wanted is None else wanted
        meta = {
            "version": __version__,
            "cursor": picture.cursor(wanted),
            "source_services": picture.contributors(),
            "sources": picture.sources(now),
        }
        layers = b",".join(orjson.dumps(name) + b":" + self._fragment(name) for name in names)
        body = b'{"generated_at":%b,"layers":{%b},"meta":%b}' % (
            orjson.dumps(instant(now)),
            layers,
            orjson.dumps(meta),
        )
        return _Prepared(hashlib.blake2b(body, digest_size=12).hexdigest(), body)

    def _fragment(self, name: str) -> bytes:
        version = self._picture.scene.version(name)
        known = self._fragments.get(name)
        if known is None or known[0] != version:
            known = self._fragments[name] = version, orjson.dumps(layer(self._picture.scene, name))
        return known[1]


def acceptable(header: str) -> str:
    """Return the best encoding that an ``Accept-Encoding`` header takes, or ``identity`` (RFC 9110, 12.5.3)."""
    weights: dict[str, float] = {}
    for part in header.lower().split(","):
        name, _, parameters = part.partition(";")
        quality = parameters.strip().removeprefix("q=")
        try:
            weights[name.strip()] = float(quality) if quality else 1.0
        except ValueError:
            weights[name.strip()] = 0.0
    offered = {name: weights.get(name, weights.get("*", 0.0)) for name in ENCODERS}
    best = max(offered, key=lambda name: offered[name])  # the first of equals: the order of preference
    return best if offered[best] > 0 and offered[best] >= weights.get("identity", 0) else "identity"


def is_current(header: str, etag: str) -> bool:
    """Tell whether an ``If-None-Match`` header names ``etag`` (RFC 9110, 13.1.2: weak comparison)."""
    tags = {tag.strip().removeprefix("W/") for tag in header.split(",")}
    return etag in tags or "*" in tags


@dataclass(frozen=True, slots=True)
class Answer:
    """A snapshot as it goes to one client."""

    status: HTTPStatus
    headers: dict[str, str]
    body: bytes


async def answer(snapshots: Snapshots, layers: tuple[str, ...] | None, headers: Mapping[str, str]) -> Answer:
    """Return the snapshot in the best encoding that the request's ``headers`` take, or 304."""
    prepared = snapshots.prepared(layers)
    encoding = acceptable(headers.get("accept-encoding", ""))
    etag = prepared.etag(encoding)
    shared = {"etag": etag, "cache-control": "private, no-cache", "vary": "Accept-Encoding"}
    if is_current(headers.get("if-none-match", ""), etag):
        return Answer(HTTPStatus.NOT_MODIFIED, shared, b"")
    shared["content-type"] = "application/json"
    if encoding == "identity":
        return Answer(HTTPStatus.OK, shared, prepared.body)
    body = await snapshots.encoded(prepared, encoding)
    return Answer(HTTPStatus.OK, {**shared, "content-encoding": encoding}, body)


class FastPath:
    """Answers ``GET /living-map/snapshot`` before the router of ``app``: what is prepared needs none."""

    def __init__(self, app: ASGIApp, snapshots: Snapshots) -> None:
        self._app = app
        self._snapshots = snapshots

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or let ``app`` do so (ASGI 3)."""
        plain = scope["type"] == "http" and scope["method"] == "GET" and not scope["query_string"]
        if not plain or scope["path"] != PATH:
            await self._app(scope, receive, send)
            return
        asked = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        found = await answer(self._snapshots, None, asked)
        headers = [(name.encode(), value.encode()) for name, value in found.headers.items()]
        if found.status is HTTPStatus.OK:
            headers.append((b"content-length", b"%d" % len(found.body)))
        await send({"type": "http.response.start", "status": int(found.status), "headers": headers})
        await send({"type": "http.response.body", "body": found.body})


def routes(picture: Picture, snapshots: Snapshots) -> APIRouter:
    """Return the snapshot endpoint."""
    router = APIRouter(tags=["map"])

    @router.get(
        PATH,
        summary="Snapshot",
        response_model=Snapshot,
        responses={304: {"description": "Nothing has changed"}, **documented(HTTPStatus.UNPROCESSABLE_ENTITY)},
    )
    async def snapshot(
        request: Request,
        layers: Annotated[
            str | None, Query(description="Only these layers, separated by commas", max_length=1000)
        ] = None,
    ) -> Response:
        """Return the state of the whole network. Never waits for a source."""
        found = await answer(snapshots, wanted(layers, layer_names(picture.scene)), request.headers)
        return Response(found.body, found.status, found.headers)

    return router
