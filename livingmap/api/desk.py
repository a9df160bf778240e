"""Hands out snapshots that are prepared, to those who are known, where the request is read: before any ASGI."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qsl

from livingmap.access.access import Access
from livingmap.access.denied import Denied
from livingmap.access.view import View
from livingmap.api.headers import ALWAYS, POLICY
from livingmap.api.picture import Picture
from livingmap.api.quick import Headers, Reply
from livingmap.api.snapshot import MOST_LAYERS_TEXT, PATH, Snapshots, acceptable, headers_of, is_current
from livingmap.core.actor import Credential
from livingmap.core.view import layer_names
from livingmap.stream.layers import LayersError, wanted

_PATH: Final = PATH.encode()


@dataclass(frozen=True, slots=True)
class Wish:
    """Which snapshot a client asks for."""

    layers: tuple[str, ...] | None
    encoding: str
    tags: str
    """What it has already: the header ``If-None-Match``."""
    credential: Credential | None = None


class Desk:
    """The `livingmap.api.quick.Quick` of snapshots. Who is not known yet, or is not let in, is left to the app."""

    def __init__(self, picture: Picture, snapshots: Snapshots, access: Access) -> None:
        self._picture = picture
        self._snapshots = snapshots
        self._access = access

    def wish(self, url: bytes, headers: Headers) -> Wish | None:
        """Return what a request is about; None if it is not for a snapshot, or not to be answered at once."""
        path, _, query = url.partition(b"?")
        if path != _PATH or len(asked := dict(headers)) != len(headers) or b"origin" in asked:
            return None
        text = {name.decode("latin-1"): value.decode("latin-1") for name, value in headers}
        try:
            layers = _layers(query, layer_names(self._picture.scene))
            credential = self._access.credential(text)
        except (ValueError, LayersError, Denied):
            return None
        encoding = acceptable(text.get("accept-encoding", ""))
        return Wish(layers, encoding, text.get("if-none-match", ""), credential)

    def keeps(self, wish: Wish) -> bool:
        """Tell whether the bytes of the request may be kept: not those that hold a secret."""
        return wish.credential is None

    def answer(self, wish: Wish) -> Reply | None:
        """Return the reply to a wish; None if somebody has to be asked, or something compressed, first."""
        admission = self._access.known(wish.credential)
        if admission is None:
            return None
        shown = admission.rights.layers
        if wish.layers is not None and shown is not None and not shown.issuperset(wish.layers):
            return None
        prepared = self._snapshots.prepared(View(wish.layers, admission.rights))
        etag = prepared.etag(wish.encoding)
        if is_current(wish.tags, etag):
            return _lines(HTTPStatus.NOT_MODIFIED, etag, wish.encoding, None), b""
        body = prepared.body if wish.encoding == "identity" else prepared.encoded.get(wish.encoding)
        return None if body is None else (_lines(HTTPStatus.OK, etag, wish.encoding, len(body)), body)


def _layers(query: bytes, names: list[str]) -> tuple[str, ...] | None:
    """Return the layers that a query asks for. Raises LayersError or ValueError for one that asks otherwise."""
    if not query:
        return None
    ((name, text),) = parse_qsl(query.decode("ascii"), keep_blank_values=True, strict_parsing=True)
    if name != "layers" or len(text) > MOST_LAYERS_TEXT:
        raise ValueError(name)
    return wanted(text, names)


@lru_cache(maxsize=256)
def _lines(status: HTTPStatus, etag: str, encoding: str, length: int | None) -> bytes:
    headers: Mapping[str, str] = {
        **headers_of(status, etag, encoding),
        **({} if length is None else {"content-length": str(length)}),
        **{name.decode(): value.decode() for name, value in (*ALWAYS, POLICY)},
    }
    lines = [f"HTTP/1.1 {status.value} {status.phrase}", *(f"{name}: {value}" for name, value in headers.items())]
    return "".join(f"{line}\r\n" for line in lines).encode()
