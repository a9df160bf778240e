"""The fast path of snapshots: prepared bytes for callers that are authenticated already, ahead of ASGI."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qsl

from livingmap import tracing
from livingmap.access.access import Access
from livingmap.access.denied import Denied
from livingmap.access.view import Rights, View
from livingmap.api.fast_path import Headers, Reply
from livingmap.api.prepared import accepted_encoding, is_current
from livingmap.api.requests import Answered
from livingmap.api.snapshot import MOST_LAYERS_TEXT, PATH, Moment, Snapshots
from livingmap.core.actor import Credential
from livingmap.core.layers import layer_names
from livingmap.state.reader import MapReader
from livingmap.stream.layers import LayersError, wanted

_PATH: Final = PATH.encode()
_OK: Final = HTTPStatus.OK
_NOT_MODIFIED: Final = HTTPStatus.NOT_MODIFIED
"""Looked up once: an enumeration looks its members up in Python, and each request comes by here."""


@dataclass(eq=False, slots=True)
class SnapshotRequest:
    """Which snapshot a client asks for."""

    layers: tuple[str, ...] | None
    encoding: str
    tags: str
    """The header ``If-None-Match``: what the client has already."""
    credential: Credential | None = None
    unchanged: tuple[Moment, Rights, Reply] | None = None
    """The last reply if it was 304: it is right while neither the moment nor the rights change. No other, for a
    request that is known lasts, and would hold on to a body that does not."""


class SnapshotFastPath:
    """The `livingmap.api.fast_path.FastPath` of snapshots. Callers that have to be checked first go to the app."""

    def __init__(self, reader: MapReader, snapshots: Snapshots, access: Access) -> None:
        self._reader = reader
        self._snapshots = snapshots
        self._access = access
        self._current = self._sent = 0

    def answered(self) -> dict[Answered, int]:
        """Return how many requests were answered at once."""
        statuses = {"200": self._sent, "304": self._current}
        return {("GET", PATH, status): number for status, number in statuses.items() if number}

    def parse(self, url: bytes, headers: Headers) -> SnapshotRequest | None:
        """Return which snapshot a request asks for; None if it does not, or cannot be answered at once."""
        path, _, query = url.partition(b"?")
        if path != _PATH or len(by_name := dict(headers)) != len(headers) or b"origin" in by_name:
            return None
        if tracing.active is not None and b"traceparent" in by_name:  # the app says in a span how it answered
            return None
        text = {name.decode("latin-1"): value.decode("latin-1") for name, value in headers}
        try:
            layers = _layers(query, layer_names(self._reader.scene))
            credential = self._access.credential(text)
        except (ValueError, LayersError, Denied):
            return None
        encoding = accepted_encoding(text.get("accept-encoding", ""))
        return SnapshotRequest(layers, encoding, text.get("if-none-match", ""), credential)

    def keeps(self, request: SnapshotRequest) -> bool:
        """Tell whether the bytes of the request may be kept: not if they hold a credential."""
        return request.credential is None

    def answer(self, request: SnapshotRequest) -> Reply | None:
        """Return the reply to ``request``; None if the caller has to be checked, or the body compressed, first."""
        admission = self._access.remembered(request.credential)
        if admission is None or not self._reader.progress.is_shown:
            return None
        moment, rights, before = self._snapshots.moment(), admission.rights, request.unchanged
        if before is not None and before[0] is moment and before[1] is rights:
            self._current += 1
            return before[2]
        reply = self._reply(request, rights)
        request.unchanged = None
        if reply is not None and reply[1]:
            self._sent += 1
        elif reply is not None:
            self._current += 1
            request.unchanged = moment, rights, reply
        return reply

    def _reply(self, request: SnapshotRequest, rights: Rights) -> Reply | None:
        shown = rights.layers
        if request.layers is not None and shown is not None and not shown.issuperset(request.layers):
            return None
        prepared = self._snapshots.prepared(View(request.layers, rights))
        if is_current(request.tags, prepared.etag(request.encoding)):
            return prepared.head(_NOT_MODIFIED, request.encoding), b""
        body = prepared.in_encoding(request.encoding)
        return None if body is None else (prepared.head(_OK, request.encoding), body)


def _layers(query: bytes, names: list[str]) -> tuple[str, ...] | None:
    """Return the layers that a query asks for. Raises LayersError or ValueError if it asks for anything else."""
    if not query:
        return None
    ((name, text),) = parse_qsl(query.decode("ascii"), keep_blank_values=True, strict_parsing=True)
    if name != "layers" or len(text) > MOST_LAYERS_TEXT:
        raise ValueError(name)
    return wanted(text, names)
