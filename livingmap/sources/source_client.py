"""Client of one source's service: remembers which paths the service lacks, and gives each poll its own client."""

import math
import time
from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from typing import Final

from livingmap.errors import InvalidAnswer, RequestRejected
from livingmap.sources.account import Account
from livingmap.sources.answer import Answer, Call
from livingmap.sources.credentials import Credentials
from livingmap.sources.json_client import POLL, JsonClient
from livingmap.sources.poll_answers import PollAnswers
from livingmap.sources.poll_client import PollClient, RunningClient
from livingmap.sources.settings import SectionSettings, SourceSettings
from livingmap.sources.stub import Stub

_MISSING_SECONDS: Final = 3600


class SourceClient:
    """One source's service, for as long as the program runs. With ``stub``, that answers, not the network.

    Requests carry the token of ``account``, or without one the credentials of the settings. A source that asks
    nothing by HTTP has no service: each request is refused.
    """

    def __init__(
        self, name: str, settings: SectionSettings, stub: Stub | None = None, account: Account | None = None
    ) -> None:
        self.name = name
        self.settings = settings
        self._missing: dict[str, float] = {}
        self._account = account
        self._json = self._http(settings, stub) if isinstance(settings, SourceSettings) else None

    def _http(self, settings: SourceSettings, stub: Stub | None) -> JsonClient:
        account = self._account

        async def sign() -> Credentials:
            own = settings.credentials()
            return own.with_bearer(await account.bearer()) if account else own

        return JsonClient(
            f"sources.{self.name}",
            settings,
            stub,
            sign=sign,
            reopen_seconds=settings.interval_seconds * 0.8,  # so that every poll may try once
            remembers=True,
        )

    @property
    def concurrency(self) -> int:
        """How many requests may be under way at once."""
        return self.settings.concurrency if isinstance(self.settings, SourceSettings) else 1

    def client(self, now: datetime, purpose: str = POLL) -> PollClient:
        """Return a client for one poll that starts ``now``, or for another purpose with its own circuit."""
        return PollClient(self, now, PollAnswers(self, purpose))

    def running_client(self, now: Callable[[], datetime]) -> RunningClient:
        """Return a client for what asks for longer than a poll lasts."""
        return RunningClient(self, now)

    def is_missing(self, path: str) -> bool:
        """Tell whether the service had no such path less than an hour ago."""
        return time.monotonic() - self._missing.get(path, -math.inf) < _MISSING_SECONDS

    def note_missing(self, path: str) -> None:
        """Remember that the service has no such path."""
        self._missing[path] = time.monotonic()

    def missing(self) -> list[str]:
        """Return the paths that are not asked for now because they were not there."""
        return sorted(path for path in self._missing if self.is_missing(path))

    async def breaker(self) -> str:
        """Return the breaker's state: ``closed``, ``opened`` or ``half-opened``."""
        return await self._json.breaker() if self._json else "closed"

    async def close(self) -> None:
        """Close the connections."""
        if self._json:
            await self._json.close()

    async def ask(self, call: Call, purpose: str) -> Answer:
        """Return the answer to ``call``; see `livingmap.core.source.Client`."""
        if self._json is None:
            raise InvalidAnswer(f"sources.{self.name}: has no base_url; its settings are no SourceSettings")
        try:
            return await self._json.exchange(call, purpose)
        except RequestRejected as error:
            if self._account is not None and error.status == HTTPStatus.UNAUTHORIZED:
                self._account.distrust()
            raise
