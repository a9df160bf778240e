"""Prepared bytes: a body that many clients get, with its validator, and compressed once in each encoding."""

import asyncio
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from http import HTTPStatus
from typing import Final

import brotli
import zstandard
from fastapi import Request, Response
from isal import igzip

from livingmap.api.headers import ALWAYS, POLICY

IDENTITY: Final = "identity"
_THREAD_FROM_BYTES: Final = 64 * 1024
_ENCODERS: Final[dict[str, Callable[[bytes], bytes]]] = {
    "zstd": lambda body: zstandard.compress(body, 1),
    "br": lambda body: brotli.compress(body, quality=4),
    "gzip": lambda body: igzip.compress(body, mtime=0),
}
"""In the order in which they are preferred."""


@dataclass(eq=False, slots=True)
class Prepared:
    """A body that never changes, and what HTTP says of it."""

    body: bytes
    content_type: str
    cache_control: str
    tag: str = ""
    """A digest of the body: the validator of its plain bytes. Made here if it is not given."""
    _tags: dict[str, str] = field(default_factory=dict)
    _encoded: dict[str, bytes] = field(default_factory=dict)
    _heads: dict[tuple[HTTPStatus, str], bytes] = field(default_factory=dict)
    _encoding: asyncio.Lock = field(default_factory=asyncio.Lock)

    def __post_init__(self) -> None:
        self.tag = self.tag or hashlib.blake2b(self.body, digest_size=12).hexdigest()
        self._encoded[IDENTITY] = self.body

    def etag(self, encoding: str) -> str:
        """Return the strong validator of the bytes in one encoding (RFC 9110, 8.8.3.3)."""
        tag = self._tags.get(encoding)
        if tag is None:
            suffix = "" if encoding == IDENTITY else f"-{encoding}"
            tag = self._tags[encoding] = f'"{self.tag}{suffix}"'
        return tag

    def in_encoding(self, encoding: str) -> bytes | None:
        """Return the body in ``encoding`` if it is there already."""
        return self._encoded.get(encoding)

    async def encoded(self, encoding: str) -> bytes:
        """Return the body in ``encoding``, compressed once; a large one is compressed beside the event loop."""
        if encoding in self._encoded:
            return self._encoded[encoding]
        async with self._encoding:
            if encoding not in self._encoded:  # another request may have made it while this one waited
                encode = _ENCODERS[encoding]
                large = len(self.body) >= _THREAD_FROM_BYTES
                self._encoded[encoding] = (
                    await asyncio.to_thread(encode, self.body) if large else encode(self.body)
                )
        return self._encoded[encoding]

    def headers(self, status: HTTPStatus, encoding: str) -> dict[str, str]:
        """Return the headers of an answer in ``encoding``, except for its length."""
        headers = {"etag": self.etag(encoding), "cache-control": self.cache_control, "vary": "Accept-Encoding"}
        if status is HTTPStatus.OK:
            headers["content-type"] = self.content_type
            if encoding != IDENTITY:
                headers["content-encoding"] = encoding
        return headers

    def head(self, status: HTTPStatus, encoding: str) -> bytes:
        """Return status line and header lines as they are sent; the body has to be there in ``encoding``."""
        head = self._heads.get((status, encoding))
        if head is None:
            headers = self.headers(status, encoding)
            if status is HTTPStatus.OK:
                headers["content-length"] = str(len(self._encoded[encoding]))
            headers |= {name.decode(): value.decode() for name, value in (*ALWAYS, POLICY)}
            lines = [f"HTTP/1.1 {status.value} {status.phrase}"]
            lines += [f"{name}: {value}" for name, value in headers.items()]
            head = self._heads[status, encoding] = "".join(f"{line}\r\n" for line in lines).encode()
        return head

    async def answer(self, request: Request, encoding: str, extra: Mapping[str, str] | None = None) -> Response:
        """Return the answer to ``request``: the body in ``encoding``, or 304 if the client has it."""
        if is_current(request.headers.get("if-none-match", ""), self.etag(encoding)):
            status, body = HTTPStatus.NOT_MODIFIED, None
        else:
            status, body = HTTPStatus.OK, await self.encoded(encoding)
        return Response(body, status, {**self.headers(status, encoding), **(extra or {})})


@lru_cache(maxsize=1024)
def accepted_encoding(header: str) -> str:
    """Return the best encoding that an ``Accept-Encoding`` header takes, or ``identity`` (RFC 9110, 12.5.3)."""
    weights: dict[str, float] = {}
    for part in header.lower().split(","):
        name, _, parameters = part.partition(";")
        quality = parameters.strip().removeprefix("q=")
        try:
            weights[name.strip()] = float(quality) if quality else 1.0
        except ValueError:
            weights[name.strip()] = 0.0
    offered = {name: weights.get(name, weights.get("*", 0.0)) for name in _ENCODERS}
    best = max(offered, key=lambda name: offered[name])  # the first of equals: the order of preference
    return best if offered[best] > 0 and offered[best] >= weights.get(IDENTITY, 0) else IDENTITY


def is_current(header: str, etag: str) -> bool:
    """Tell whether an ``If-None-Match`` header names ``etag`` (RFC 9110, 13.1.2: weak comparison)."""
    if header == etag:
        return True
    tags = {tag.strip().removeprefix("W/") for tag in header.split(",")}
    return etag in tags or "*" in tags
