"""An exported map: a file of the past, served like a map that runs. It has no present, and asks nobody."""

from collections.abc import MutableMapping
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

import uvicorn
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from livingmap.access.settings import AuthSettings
from livingmap.api.edge import Edge
from livingmap.api.fast_path import Headers, Reply
from livingmap.api.server import uvicorn_config
from livingmap.app import LivingMap
from livingmap.config.access import AccessConfig
from livingmap.config.loading import Config, SourceConfig
from livingmap.config.notify import NotifySettings
from livingmap.config.page import UiSettings
from livingmap.config.server import ServerSettings
from livingmap.config.settings import LoggingSettings
from livingmap.config.stream import StreamSettings
from livingmap.core.units import rfc3339
from livingmap.history import History
from livingmap.history.settings import HistorySettings
from livingmap.past.export import Export
from livingmap.past.exported_source import NAME, contents, exported_source, reporters
from livingmap.sources.settings import SectionSettings
from livingmap.transport.settings import NatsSettings

_STREAMS: Final = ("/living-map/stream", "/living-map/events")
_MOMENTS: Final = ("/living-map/snapshot", "/living-map/entities")


class ExportedMap:
    """The map of an ``export``, whose ``history`` holds it. Build it inside a running event loop."""

    def __init__(self, export: Export, history: History, server: ServerSettings) -> None:
        self.living = LivingMap(_config(export, server), history, now=lambda: export.end)
        # names are those of the end; no endpoint answers with it
        self.living.fold.scene.apply(NAME, contents(export.layers), 0)
        self.living.fold.scene.vocabulary.sources.update(reporters(export.header))
        self.living.http.add_middleware(PastOnly, start=export.start, end=export.end)
        self._edge = Edge.of(server)

    def serving(self, **more: Any) -> uvicorn.Config:
        """Return how uvicorn serves it."""
        return uvicorn_config(self.living.http, _NoFastPath(), self._edge, **more)


class PastOnly:
    """Answers requests for the present with the moment ``start``, and plays no further than to ``end``."""

    def __init__(self, app: ASGIApp, start: datetime, end: datetime) -> None:
        self._app = app
        self._start = str(rfc3339(start))
        self._end = str(rfc3339(end))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        query = dict(parse_qsl(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True))
        path = scope.get("path", "")
        if path == "/" and "at" not in query:
            page = RedirectResponse("?" + urlencode({**query, "at": self._start}), HTTPStatus.TEMPORARY_REDIRECT)
            await page(scope, receive, send)
            return
        if path in _STREAMS:
            query = {"from": self._start, "to": self._end, **query}
        elif path.startswith(_MOMENTS):
            query = {"at": self._start, **query}
        changed: MutableMapping[str, Any] = {**scope, "query_string": urlencode(query).encode()}
        await self._app(changed, receive, send)


class _NoFastPath:
    """A `livingmap.api.fast_path.FastPath` that declines everything: it answers with the present."""

    def parse(self, url: bytes, headers: Headers) -> None:
        """Decline."""

    def keeps(self, request: Any) -> bool:  # noqa: ARG002
        """Keep nothing."""
        return False

    def answer(self, request: Any) -> Reply | None:  # noqa: ARG002
        """Decline."""
        return None


def _config(export: Export, server: ServerSettings) -> Config:
    described = SourceConfig(
        NAME, source=exported_source(export.header, export.layers), settings=SectionSettings()
    )
    return Config(
        None,
        server,
        StreamSettings(),
        UiSettings(),
        LoggingSettings(),
        NatsSettings(),
        HistorySettings(url="memory:"),
        AccessConfig(AuthSettings()),
        NotifySettings(),
        (described,),
    )
