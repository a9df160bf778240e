"""Authentication: whose a credential is, asked of the plugin once for many and remembered for a while."""

import asyncio
import hashlib
import secrets
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from weakref import WeakValueDictionary

import structlog

from livingmap.core.actor import Actor, Credential, Identity
from livingmap.core.auth import Authenticator
from livingmap.core.bounded import LRU
from livingmap.errors import InvalidAnswer, InvalidCredential, SourceError
from livingmap.sources.service_client import ServiceClient
from livingmap.sources.settings import ServiceSettings

LONGEST: Final = 8192
"""How many characters a credential may have."""
MOST_CREDENTIALS: Final = 10_000
"""How many credentials are remembered; the one that was not shown for longest makes room."""
REFUSED_SECONDS: Final = 5.0
"""How long a bad credential is refused without being asked about again."""

_logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Verdict:
    """What was found out of a credential."""

    owner: Identity | InvalidCredential
    until: float


class CachedAuthenticator:
    """Finds out whose a credential is, and remembers it. Only hashes of credentials are kept."""

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
        self.session_cookie = authenticator.session_cookie
        self.error: str | None = None
        """Why the service could not be asked the last time."""
        self.checks = Counter[str]()
        """How many credentials were checked: ``accepted``, ``refused``, or ``failed``, as the service did."""
        self._authenticator = authenticator
        self._client = ServiceClient("auth.authenticator", settings, clock)
        self._ttl = ttl_seconds
        self._now = now
        self._clock = clock
        self._key = secrets.token_bytes(32)
        self._verdicts: LRU[bytes, _Verdict] = LRU(MOST_CREDENTIALS)
        self._locks: WeakValueDictionary[bytes, asyncio.Lock] = WeakValueDictionary()

    def remembered(self, credential: Credential) -> Identity | None:
        """Return whose it is if that was found out lately, without asking anybody."""
        owner = self._lately(self._hash(credential))
        return owner if isinstance(owner, Identity) else None

    async def identify(self, credential: Credential) -> Identity:
        """Return whose it is. Raises InvalidCredential, or SourceError if nobody can check it now."""
        if len(credential.value) > LONGEST or not credential.value.isascii() or not credential.value.isprintable():
            raise InvalidCredential("longer than any credential, or of other characters")
        key = self._hash(credential)
        lock = self._locks.setdefault(key, asyncio.Lock())
        async with lock:
            owner = self._lately(key)
            if owner is None:
                owner = await self._ask(credential)
                self._keep(key, owner)
        if isinstance(owner, InvalidCredential):
            raise InvalidCredential(str(owner))  # a new one: tracebacks would pile up in the old
        return owner

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def _ask(self, credential: Credential) -> Identity | InvalidCredential:
        outcome = "failed"
        try:
            owner = await self._asked(credential)
            outcome = "accepted" if isinstance(owner, Identity) else "refused"
        finally:
            self.checks[outcome] += 1
        return owner

    async def _asked(self, credential: Credential) -> Identity | InvalidCredential:
        try:
            identity = await self._authenticator.identify(self._client, credential)
            self._check(identity)
        except InvalidCredential as rejected:
            self._note(None)
            return rejected
        except SourceError as error:
            self._note(str(error))
            raise
        except (asyncio.CancelledError, GeneratorExit):
            raise
        except BaseException as error:  # noqa: BLE001 - the plugin rim: what raises lets nobody in
            self._note(f"{self._authenticator.name} raised {type(error).__name__}")
            raise InvalidAnswer(str(self.error)) from None  # its message may hold the credential
        self._note(None)
        return identity

    def _check(self, identity: object) -> None:
        if not isinstance(identity, Identity) or not isinstance(identity.actor, Actor):
            raise InvalidAnswer(f"{self._authenticator.name} answered with something other than an Identity")
        if identity.expires_at is not None and identity.expires_at <= self._now():
            raise InvalidCredential("it has expired")

    def _note(self, error: str | None) -> None:
        if error is not None and self.error is None:
            _logger.warning("callers cannot be identified for now", service=self.service, error=error)
        elif error is None and self.error is not None:
            _logger.info("callers are identified again", service=self.service)
        self.error = error

    def _lately(self, key: bytes) -> Identity | InvalidCredential | None:
        verdict = self._verdicts.get(key)
        if verdict is None or verdict.until <= self._clock():
            return None
        owner = verdict.owner
        if isinstance(owner, Identity) and owner.expires_at is not None and owner.expires_at <= self._now():
            return None
        return owner

    def _keep(self, key: bytes, owner: Identity | InvalidCredential) -> None:
        seconds = REFUSED_SECONDS if isinstance(owner, InvalidCredential) else self._ttl
        self._verdicts.put(key, _Verdict(owner, self._clock() + seconds))

    def _hash(self, credential: Credential) -> bytes:
        text = f"{credential.scheme.value}:{credential.value}".encode("utf-8", "surrogatepass")
        return hashlib.blake2b(text, digest_size=32, key=self._key).digest()
