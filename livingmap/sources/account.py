"""The map's own account: it signs in at auth-service and stays signed in, for sources that need a token."""

import asyncio
import time
from collections.abc import Callable
from typing import Final

import structlog

from livingmap.core.model import Json
from livingmap.errors import InvalidAnswer, RequestRejected, SourceError
from livingmap.sources.json_client import JsonClient
from livingmap.sources.settings import AccountSettings

_EARLY: Final = 0.2
"""The part of a token's life that is left when it is replaced."""
_PAUSE_SECONDS: Final = 5.0
"""After a refusal; a wrong password must not become a flood."""

_logger = structlog.get_logger(__name__)


class Account:
    """One account; whoever asks for its token while somebody signs in waits for that."""

    def __init__(self, settings: AccountSettings, clock: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._clock = clock
        self._exchange = JsonClient("auth.account", settings)
        self._lock = asyncio.Lock()
        self._access = ""
        self._refresh = ""
        self._replace_at = 0.0
        self._ends_at = 0.0
        self._failure: SourceError | None = None
        self._again_at = 0.0

    async def bearer(self) -> str:
        """Return a token that is good now. Raises SourceError if there is none to be had."""
        async with self._lock:
            if self._clock() < self._replace_at:
                return self._access
            if self._failure is None or self._clock() >= self._again_at:
                await self._renew()
            if self._access and self._clock() < self._ends_at:  # the old one is good for a while yet
                return self._access
            raise self._failure or InvalidAnswer("auth.account: auth-service gave a token that has expired")

    def distrust(self) -> None:
        """Replace the token at the next occasion: a service did not take it."""
        self._replace_at = self._ends_at = 0.0

    async def _renew(self) -> None:
        try:
            self._take(await self._refreshed() or await self._signed_in())
            self._failure = None
        except SourceError as error:
            if self._failure is None:
                _logger.warning("the map's account cannot sign in", error=str(error))
            self._failure, self._again_at = error, self._clock() + _PAUSE_SECONDS

    async def _refreshed(self) -> Json:
        """Return a new pair for the refresh token, which is then used up; None if it is no good."""
        token, self._refresh = self._refresh, ""
        if not token:
            return None
        try:
            return await self._exchange.post("/api/auth/refresh", {"refresh_token": token})
        except RequestRejected:
            return None

    async def _signed_in(self) -> Json:
        try:
            password = self._settings.secret()
        except OSError as error:
            raise InvalidAnswer(f"auth.account.password_file: {error}") from None
        return await self._exchange.post("/api/auth/login", {"email": self._settings.email, "password": password})

    def _take(self, answer: Json) -> None:
        try:
            access, refresh, lasts = answer["access_token"], answer.get("refresh_token", ""), answer["expires_in"]
            sound = isinstance(access, str) and access.isascii() and access.isprintable() and " " not in access
            if not access or not sound or not isinstance(refresh, str) or isinstance(lasts, str):
                raise ValueError("tokens are clean texts, and last for seconds")
            life = float(lasts)
        except (KeyError, TypeError, ValueError, AttributeError):
            raise InvalidAnswer("auth.account: auth-service signs in and gives no token") from None
        now = self._clock()
        self._access, self._refresh = access, refresh
        self._ends_at, self._replace_at = now + life, now + life * (1 - _EARLY)

    async def close(self) -> None:
        """Close the connections."""
        await self._exchange.close()
