"""The snapshot: prepared bytes, per encoding, made anew only when something has changed."""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from http import HTTPStatus
from typing import Annotated, Final
from urllib.parse import parse_qsl

import brotli
import orjson
import zstandard
from fastapi import APIRouter, Query, Request, Response
from isal import igzip

from livingmap import __version__
from livingmap.api.models import Snapshot
from livingmap.api.picture import Picture
from livingmap.api.problems import documented
from livingmap.api.quick import Headers, Reply
from livingmap.core.units import instant
from livingmap.core.view import layer, layer_names
from livingmap.stream.layers import LayersError, wanted

PATH: Final = "/living-map/snapshot"
MOST_LAYERS_TEXT: Final = 1000
_PATH: Final = PATH.encode()
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


@dataclass(frozen=True, slots=True)
class Wish:
    """Which snapshot a client asks for."""

    layers: tuple[str, ...] | None
    encoding: str
    tags: str
    """What it has already: the header ``If-None-Match``."""


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
        if encoding == "identity":
            return prepared.body
        async with prepared.lock:
            if encoding not in prepared.encoded:
                encode = ENCODERS[encoding]
                large = len(prepared.body) >= _THREAD_FROM
                prepared.encoded[encoding] = (
                    await asyncio.to_thread(encode, prepared.body) if large else encode(prepared.body)
                )
        return prepared.encoded[encoding]

    def wish(self, url: bytes, headers: Headers) -> Wish | None:
        """Return what a request is about; None if it is not for a snapshot, or not to be answered at once."""
        path, _, query = url.partition(b"?")
        if path != _PATH or len(asked := dict(headers)) != len(headers):
            return None
        try:
            layers = _layers(query, layer_names(self._picture.scene))
        except (ValueError, LayersError):
            return None
        encoding = acceptable(asked.get(b"accept-encoding", b"").decode("latin-1"))
        return Wish(layers, encoding, asked.get(b"if-none-match", b"").decode("latin-1"))

    def answer(self, wish: Wish) -> Reply | None:
        """Return the reply to a wish; None if the snapshot has to be compressed for it first."""
        prepared = self.prepared(wish.layers)
        etag = prepared.etag(wish.encoding)
        if is_current(wish.tags, etag):
            return _lines(HTTPStatus.NOT_MODIFIED, etag, wish.encoding, None), b""
        body = prepared.body if wish.encoding == "identity" else prepared.encoded.get(wish.encoding)
        return None if body is None else (_lines(HTTPStatus.OK, etag, wish.encoding, len(body)), body)

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


@lru_cache(maxsize=1024)
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
    if header == etag:
        return True
    tags = {tag.strip().removeprefix("W/") for tag in header.split(",")}
    return etag in tags or "*" in tags


def _layers(query: bytes, names: list[str]) -> tuple[str, ...] | None:
    """Return the layers that a query asks for. Raises LayersError or ValueError for one that asks otherwise."""
    if not query:
        return None
    ((name, text),) = parse_qsl(query.decode("ascii"), keep_blank_values=True, strict_parsing=True)
    if name != "layers" or len(text) > MOST_LAYERS_TEXT:
        raise ValueError(name)
    return wanted(text, names)


def _headers(status: HTTPStatus, etag: str, encoding: str) -> dict[str, str]:
    headers = {"etag": etag, "cache-control": "private, no-cache", "vary": "Accept-Encoding"}
    if status is HTTPStatus.OK:
        headers["content-type"] = "application/json"
        if encoding != "identity":
            headers["content-encoding"] = encoding
    return headers


@lru_cache(maxsize=256)
def _lines(status: HTTPStatus, etag: str, encoding: str, length: int | None) -> bytes:
    headers = _headers(status, etag, encoding) | ({} if length is None else {"content-length": str(length)})
    lines = [f"HTTP/1.1 {status.value} {status.phrase}", *(f"{name}: {value}" for name, value in headers.items())]
    return "".join(f"{line}\r\n" for line in lines).encode()


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
            str | None, Query(description="Only these layers, separated by commas", max_length=MOST_LAYERS_TEXT)
        ] = None,
    ) -> Response:
        """Return the state of the whole network. Never waits for a source."""
        prepared = snapshots.prepared(wanted(layers, layer_names(picture.scene)))
        encoding = acceptable(request.headers.get("accept-encoding", ""))
        etag = prepared.etag(encoding)
        if is_current(request.headers.get("if-none-match", ""), etag):
            return Response(None, HTTPStatus.NOT_MODIFIED, _headers(HTTPStatus.NOT_MODIFIED, etag, encoding))
        body = await snapshots.encoded(prepared, encoding)
        return Response(body, HTTPStatus.OK, _headers(HTTPStatus.OK, etag, encoding))

    return router
