"""Whose credential it is: asked of the authenticator plugin, remembered for a while, and once for many."""

import asyncio
import hashlib
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from weakref import WeakValueDictionary

import structlog

from livingmap.core.actor import Actor, Credential, Identity
from livingmap.core.model import Json
from livingmap.errors import InvalidAnswer, InvalidCredential, SourceError
from livingmap.hookspecs import Authenticator
from livingmap.sources.json_client import Call, JsonClient
from livingmap.sources.settings import ServiceSettings

LONGEST: Final = 8192
"""A credential of more characters is none."""
_MOST_KEPT: Final = 10_000
_REFUSED_SECONDS: Final = 5.0
"""For how long a bad credential is bad without being asked about: whoever repeats it asks in vain."""
_KEPT_SECONDS: Final = 600.0
_ANEW_SECONDS: Final = 10.0

_logger = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Shared:
    """An answer of the service that many share."""

    value: Json = None
    asked_at: float = float("-inf")
    good_until: float = float("-inf")


class ServiceClient:
    """The `livingmap.hookspecs.AuthClient` of one authenticator, for as long as the program runs."""

    def __init__(self, settings: ServiceSettings, exchange: JsonClient, clock: Callable[[], float]) -> None:
        self._settings = settings
        self._exchange = exchange
        self._clock = clock
        self._shared: dict[str, _Shared] = {}
        self._lock = asyncio.Lock()

    @property
    def settings(self) -> Any:
        """The authenticator's own validated section of the YAML."""
        return self._settings

    async def get(self, path: str, headers: Mapping[str, str] | None = None) -> Json:
        """Return the answer of a GET."""
        return await self._exchange.request(Call("GET", path, headers=headers or {}))

    async def post(self, path: str, body: Json) -> Json:
        """Return the answer of a POST."""
        return await self._exchange.post(path, body)

    async def cached(self, path: str, *, refresh: bool = False) -> Json:
        """Return the answer of a GET that many share; see `livingmap.hookspecs.AuthClient.cached`."""
        async with self._lock:
            shared, now = self._shared.setdefault(path, _Shared()), self._clock()
            if now >= shared.good_until or (refresh and now - shared.asked_at >= _ANEW_SECONDS):
                shared.asked_at = now
                shared.value = await self.get(path)
                shared.good_until = now + _KEPT_SECONDS
            return shared.value


@dataclass(frozen=True, slots=True)
class _Known:
    found: Identity | InvalidCredential
    until: float


class CachedAuthenticator:
    """Knows whose a credential is. Only hashes of credentials are kept."""

    def __init__(
        self,
        authenticator: Authenticator,
        settings: ServiceSettings,
        ttl_seconds: float,
        now: Callable[[], datetime],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.service = authenticator.service
        self.schemes = frozenset(authenticator.schemes(settings))
        self.error: str | None = None
        """Why the service could not be asked the last time."""
        self._authenticator = authenticator
        self._exchange = JsonClient("auth.authenticator", settings)
        self._client = ServiceClient(settings, self._exchange, clock)
        self._ttl = ttl_seconds
        self._now = now
        self._clock = clock
        self._key = secrets.token_bytes(32)
        self._known: OrderedDict[bytes, _Known] = OrderedDict()
        self._locks: WeakValueDictionary[bytes, asyncio.Lock] = WeakValueDictionary()

    def known(self, credential: Credential) -> Identity | None:
        """Return whose it is if that was found out lately, without asking anybody."""
        known = self._lately(self._hash(credential))
        return known if isinstance(known, Identity) else None

    async def identify(self, credential: Credential) -> Identity:
        """Return whose it is. Raises InvalidCredential, or SourceError if nobody can check it now."""
        if len(credential.value) > LONGEST or not credential.value.isascii() or not credential.value.isprintable():
            raise InvalidCredential("longer than any credential, or of other characters")
        key = self._hash(credential)
        lock = self._locks.setdefault(key, asyncio.Lock())
        async with lock:
            found = self._lately(key)
            if found is None:
                found = await self._ask(credential)
                self._keep(key, found)
        if isinstance(found, InvalidCredential):
            raise InvalidCredential(str(found))  # a new one: tracebacks would pile up in the old
        return found

    async def close(self) -> None:
        """Close the connections."""
        await self._exchange.close()

    async def _ask(self, credential: Credential) -> Identity | InvalidCredential:
        try:
            identity = await self._authenticator.identify(self._client, credential)
            self._check(identity)
        except InvalidCredential as rejected:
            self._note(None)
            return rejected
        except SourceError as error:
            self._note(str(error))
            raise
        except (Exception, SystemExit) as error:  # noqa: BLE001 - the plugin rim: what raises lets nobody in
            self._note(f"{self._authenticator.name} raised {type(error).__name__}")
            raise InvalidAnswer(str(self.error)) from None  # its message may hold the credential
        self._note(None)
        return identity

    def _check(self, identity: object) -> None:
        if not isinstance(identity, Identity) or not isinstance(identity.actor, Actor):
            raise InvalidAnswer(f"{self._authenticator.name} answered with no Identity")
        if identity.expires_at is not None and identity.expires_at <= self._now():
            raise InvalidCredential("it has expired")

    def _note(self, error: str | None) -> None:
        if error is not None and self.error is None:
            _logger.warning("callers cannot be known now", service=self.service, error=error)
        elif error is None and self.error is not None:
            _logger.info("callers can be known again", service=self.service)
        self.error = error

    def _lately(self, key: bytes) -> Identity | InvalidCredential | None:
        known = self._known.get(key)
        if known is None or known.until <= self._clock():
            return None
        if isinstance(known.found, Identity) and known.found.expires_at is not None:
            return None if known.found.expires_at <= self._now() else known.found
        return known.found

    def _keep(self, key: bytes, found: Identity | InvalidCredential) -> None:
        seconds = _REFUSED_SECONDS if isinstance(found, InvalidCredential) else self._ttl
        self._known[key] = _Known(found, self._clock() + seconds)
        self._known.move_to_end(key)
        if len(self._known) > _MOST_KEPT:
            self._known.popitem(last=False)

    def _hash(self, credential: Credential) -> bytes:
        text = f"{credential.scheme.value}:{credential.value}".encode("utf-8", "surrogatepass")
        return hashlib.blake2b(text, digest_size=32, key=self._key).digest()
