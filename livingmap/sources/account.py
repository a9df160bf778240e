"""The map's own account: signs in once and stays signed in, for sources whose service wants a token."""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from livingmap.core.auth import AccountProvider, Tokens
from livingmap.errors import InvalidAnswer, RequestRejected, SourceError
from livingmap.sources.service_client import ServiceClient
from livingmap.sources.settings import ServiceSettings

_EARLY: Final = 0.2
"""The part of a token's life that is left when it is replaced."""
_PAUSE_SECONDS: Final = 5.0
"""After a refusal; a wrong password must not become a flood."""

_logger = structlog.get_logger(__name__)


class Account:
    """One account. Callers that ask for its token while it is being renewed wait for the new one."""

    def __init__(
        self, provider: AccountProvider, settings: ServiceSettings, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._provider = provider
        self._clock = clock
        self._client = ServiceClient("auth.account", settings, clock)
        self._lock = asyncio.Lock()
        self._tokens = Tokens("", 0.0)
        self._replace_at = 0.0
        self._ends_at = 0.0
        self._failure: SourceError | None = None
        self._again_at = 0.0

    async def bearer(self) -> str:
        """Return a token that is good now. Raises SourceError if there is none to be had."""
        async with self._lock:
            if self._clock() < self._replace_at:
                return self._tokens.access
            if self._failure is None or self._clock() >= self._again_at:
                await self._renew()
            if self._tokens.access and self._clock() < self._ends_at:  # the old one is good for a while yet
                return self._tokens.access
            raise self._failure or InvalidAnswer(
                f"auth.account: {self._provider.service} gave a token that has expired"
            )

    def distrust(self) -> None:
        """Replace the token at the next occasion: a service did not take it."""
        self._replace_at = self._ends_at = 0.0

    async def _renew(self) -> None:
        try:
            self._keep(await self._refreshed() or await self._ask(self._provider.sign_in))
            self._failure = None
        except SourceError as error:
            if self._failure is None:
                _logger.warning("the map's account cannot sign in", error=str(error))
            self._failure, self._again_at = error, self._clock() + _PAUSE_SECONDS

    async def _refreshed(self) -> Tokens | None:
        """Return new tokens for the refresh token, which is then used up; None if it is not good."""
        token, self._tokens = self._tokens.refresh, Tokens(self._tokens.access, 0.0)
        if not token or self._provider.refresh is None:
            return None
        try:
            return await self._ask(self._provider.refresh, token)
        except RequestRejected:
            return None

    async def _ask(self, function: Callable[..., Awaitable[Tokens]], *given: str) -> Tokens:
        try:
            tokens = await function(self._client, *given)
        except (SourceError, asyncio.CancelledError, GeneratorExit):
            raise
        except BaseException as error:  # noqa: BLE001 - the plugin rim: its message may hold a secret
            raise InvalidAnswer(f"auth.account: {self._provider.name} raised {type(error).__name__}") from None
        if not _is_sound(tokens):
            raise InvalidAnswer(f"auth.account: {self._provider.service} gave no token that can be sent")
        return tokens

    def _keep(self, tokens: Tokens) -> None:
        now = self._clock()
        self._tokens = tokens
        self._ends_at = now + tokens.lasts_seconds
        self._replace_at = now + tokens.lasts_seconds * (1 - _EARLY)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()


def _is_sound(tokens: object) -> bool:
    """Tell whether these are tokens, and the first of them is one that a header can carry."""
    match tokens:
        case Tokens(str(access), float() | int() as lasts_seconds, str()):
            return bool(access) and all("!" <= char <= "~" for char in access) and math.isfinite(lasts_seconds)
    return False
