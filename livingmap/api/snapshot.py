"""The snapshot: prepared bytes, per encoding, made anew only when something has changed."""

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from http import HTTPStatus
from typing import Annotated, Final
from weakref import WeakKeyDictionary

import brotli
import orjson
import zstandard
from fastapi import APIRouter, Depends, Query, Request, Response
from isal import igzip

from livingmap import __version__
from livingmap.access.view import WHOLE, Rights, View
from livingmap.api.dependencies import REFUSALS, AuthDependencies
from livingmap.api.models import Snapshot
from livingmap.api.problems import documented
from livingmap.core.bounded import LRU
from livingmap.core.layers import Layers, layer, layer_names
from livingmap.core.units import rfc3339
from livingmap.state.reader import MapReader
from livingmap.stream.layers import wanted

PATH: Final = "/living-map/snapshot"
MOST_LAYERS_TEXT: Final = 1000
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
    """Makes snapshots of ``reader`` and keeps their bytes for as long as nothing changes."""

    def __init__(self, reader: MapReader) -> None:
        self._reader = reader
        self._fragments: WeakKeyDictionary[Layers, dict[str, tuple[int, bytes]]] = WeakKeyDictionary()
        self._prepared: LRU[View, tuple[tuple[str, int, int], _Prepared]] = LRU(_MOST_VIEWS)

    def prepared(self, view: View = WHOLE) -> _Prepared:
        """Return the bytes of a view, by default of everything."""
        revision = self._reader.revision
        kept = self._prepared.get(view)
        if kept is not None and kept[0] == revision:
            return kept[1]
        made = self._make(view)
        self._prepared.put(view, (revision, made))
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

    def _make(self, view: View) -> _Prepared:
        reader, now, shown = self._reader, self._reader.now(), self._reader.shown(view.rights)
        names = layer_names(shown) if view.layers is None else view.layers
        meta = {
            "version": __version__,
            "cursor": reader.cursor(view),
            "source_services": reader.contributors(),
            "sources": reader.sources(now, reports=view.rights.reports),
        }
        layers = b",".join(orjson.dumps(name) + b":" + self._fragment(shown, name) for name in names)
        body = b'{"generated_at":%b,"layers":{%b},"meta":%b}' % (
            orjson.dumps(rfc3339(now)),
            layers,
            orjson.dumps(meta),
        )
        return _Prepared(hashlib.blake2b(body, digest_size=12).hexdigest(), body)

    def _fragment(self, shown: Layers, name: str) -> bytes:
        fragments, version = self._fragments.setdefault(shown, {}), shown.version(name)
        known = fragments.get(name)
        if known is None or known[0] != version:
            known = fragments[name] = version, orjson.dumps(layer(shown, name))
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


def headers_of(status: HTTPStatus, etag: str, encoding: str) -> dict[str, str]:
    """Return the headers of a snapshot in one encoding, but for its length."""
    headers = {"etag": etag, "cache-control": "private, no-cache", "vary": "Accept-Encoding"}
    if status is HTTPStatus.OK:
        headers["content-type"] = "application/json"
        if encoding != "identity":
            headers["content-encoding"] = encoding
    return headers


def routes(reader: MapReader, snapshots: Snapshots, auth: AuthDependencies) -> APIRouter:
    """Return the snapshot endpoint."""
    router = APIRouter(tags=["map"])

    @router.get(
        PATH,
        summary="Snapshot",
        response_model=Snapshot,
        responses={
            304: {"description": "Nothing has changed"},
            **documented(HTTPStatus.UNPROCESSABLE_ENTITY, *REFUSALS),
        },
    )
    async def snapshot(
        request: Request,
        rights: Annotated[Rights, Depends(auth.rights)],
        layers: Annotated[
            str | None, Query(description="Only these layers, separated by commas", max_length=MOST_LAYERS_TEXT)
        ] = None,
    ) -> Response:
        """Return the state of the whole network. Never waits for a source."""
        prepared = snapshots.prepared(View(wanted(layers, layer_names(reader.shown(rights))), rights))
        encoding = acceptable(request.headers.get("accept-encoding", ""))
        etag = prepared.etag(encoding)
        if is_current(request.headers.get("if-none-match", ""), etag):
            return Response(None, HTTPStatus.NOT_MODIFIED, headers_of(HTTPStatus.NOT_MODIFIED, etag, encoding))
        body = await snapshots.encoded(prepared, encoding)
        return Response(body, HTTPStatus.OK, headers_of(HTTPStatus.OK, etag, encoding))

    return router
