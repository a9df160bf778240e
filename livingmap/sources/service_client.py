"""The client of a plugin of access control: its one service, and the answers that many callers share."""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from livingmap.core.model import Json
from livingmap.sources.answer import Call
from livingmap.sources.json_client import JsonClient
from livingmap.sources.settings import ServiceSettings
from livingmap.sources.stub import Stub

_SHARED_SECONDS: Final = 600.0
_REFRESH_SECONDS: Final = 10.0


@dataclass(slots=True)
class _Shared:
    """An answer of the service that many share."""

    value: Json = None
    asked_at: float = float("-inf")
    good_until: float = float("-inf")


class ServiceClient:
    """The `livingmap.plugin.AuthClient` of one plugin, for as long as the program runs.

    ``where`` is the plugin's section of the YAML, for errors. With ``stub`` that is asked, not the network.
    """

    def __init__(
        self,
        where: str,
        settings: ServiceSettings,
        clock: Callable[[], float] = time.monotonic,
        stub: Stub | None = None,
    ) -> None:
        self._settings = settings
        self._json = JsonClient(where, settings, stub)
        self._clock = clock
        self._shared: dict[str, _Shared] = {}
        self._lock = asyncio.Lock()

    @property
    def settings(self) -> Any:
        """The plugin's own validated section of the YAML."""
        return self._settings

    async def get(self, path: str, headers: Mapping[str, str] | None = None) -> Json:
        """Return the answer of a GET."""
        return await self._json.request(Call("GET", path, headers=headers or {}))

    async def post(self, path: str, body: Json) -> Json:
        """Return the answer of a POST."""
        return await self._json.post(path, body)

    async def cached(self, path: str, *, refresh: bool = False) -> Json:
        """Return the answer of a GET that many share; see `livingmap.core.auth.AuthClient.cached`."""
        async with self._lock:
            shared, now = self._shared.setdefault(path, _Shared()), self._clock()
            if now >= shared.good_until or (refresh and now - shared.asked_at >= _REFRESH_SECONDS):
                shared.asked_at = now
                shared.value = await self.get(path)
                shared.good_until = now + _SHARED_SECONDS
            return shared.value

    async def close(self) -> None:
        """Close the connections."""
        await self._json.close()
