"""Access: from a caller's credential to what it may see. Nobody reads the map except through here."""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from livingmap.access.authenticator import CachedAuthenticator
from livingmap.access.credentials import credential_in
from livingmap.access.decisions import PolicyState
from livingmap.access.denied import (
    AUTH_UNAVAILABLE,
    FORBIDDEN,
    POLICY_UNAVAILABLE,
    TOO_MANY_FAILURES,
    TOO_MANY_STREAMS,
    UNAUTHENTICATED,
    Denied,
)
from livingmap.access.limits import Failures, Streams
from livingmap.access.memberships import MembershipState
from livingmap.access.policy import NotPermitted, Policies, Undecided
from livingmap.access.settings import AuthSettings
from livingmap.access.view import EVERYTHING, Rights
from livingmap.core.actor import ANONYMOUS, Actor, Credential, Identity
from livingmap.core.bounded import LRU
from livingmap.errors import InvalidCredential, SourceError

MOST_RIGHTS: Final = 10_000
"""Of how many actors the rights are remembered."""
_RETRY_SECONDS: Final = 5
_RIGHTS_SECONDS: Final = 1.0
"""For how long rights are not put together anew; what they are made of has times of its own."""
_MOST_RECHECK_SECONDS: Final = 5.0
"""What is new on the map has to be asked about before it is shown to readers that do not see everything."""


@dataclass(frozen=True, slots=True)
class Admission:
    """An actor that was let in, and what it may see."""

    actor: Actor
    rights: Rights
    credential: Credential | None = None
    """None for anonymous."""
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class AccessState:
    """How the services are doing that are asked about callers."""

    mode: str
    service: str | None
    error: str | None
    policies: PolicyState | None
    memberships: MembershipState | None = None


@dataclass(frozen=True, slots=True)
class AccessCounts:
    """How often services were asked about callers, by what came of it."""

    credentials: Mapping[str, int]
    """``accepted``, ``refused``, ``failed``."""
    decisions: Mapping[str, int]
    """``permitted``, ``denied``, ``failed``; empty without policies."""


_EVERYBODY: Final = Admission(ANONYMOUS, EVERYTHING)


class Access:
    """Lets callers in. Without ``authenticator`` everybody reads everything."""

    def __init__(
        self,
        settings: AuthSettings,
        authenticator: CachedAuthenticator | None,
        policies: Policies,
        now: Callable[[], datetime],
        clock: Callable[[], float] = time.monotonic,
        *,
        most_streams: int,
    ) -> None:
        self.settings = settings
        self._authenticator = authenticator
        self._policies = policies
        self._now = now
        self._clock = clock
        self._failures = Failures(settings.failures_per_minute, clock)
        if authenticator is not None:
            self._streams = Streams(settings.streams_per_actor, settings.streams_per_address, most_streams)
        else:  # nobody has a credential, and many may share an address
            self._streams = Streams(most_streams, most_streams, most_streams, anonymous_share=1.0)
        self._rights: LRU[tuple[Actor, bool], tuple[float, Rights]] = LRU(MOST_RIGHTS)

    @property
    def is_open(self) -> bool:
        """Whether everybody reads everything."""
        return self._authenticator is None

    @property
    def state(self) -> AccessState | None:
        """How the services are doing that are asked about callers; None if there are none."""
        if self._authenticator is None:
            return None
        checked_by = self._authenticator
        policies = self._policies
        return AccessState(
            self.settings.mode, checked_by.service, checked_by.error, policies.state, policies.membership_state
        )

    @property
    def counts(self) -> AccessCounts | None:
        """How often services were asked about callers; None if there are none."""
        if self._authenticator is None:
            return None
        checks, state = self._authenticator.checks, self._policies.state
        credentials = {name: checks[name] for name in ("accepted", "refused", "failed")}
        decisions = {"permitted": state.permitted, "denied": state.denied, "failed": state.failed} if state else {}
        return AccessCounts(credentials, decisions)

    @property
    def recheck_seconds(self) -> float:
        """After how long a reader that stays is looked at again."""
        ttls = [self.settings.ttl_seconds, *([self.settings.pdp.ttl_seconds] if self._policies.state else [])]
        return min(*ttls, _MOST_RECHECK_SECONDS * 2) / 2

    @property
    def needs_credential(self) -> bool:
        """Whether callers without a credential are refused."""
        return self._authenticator is not None and self.settings.public_mode == "off"

    def credential(self, headers: Mapping[str, str]) -> Credential | None:
        """Return what a caller shows in headers, whose names are lower case. Raises Denied."""
        if self._authenticator is None:
            return None
        return credential_in(headers, self._authenticator.schemes, self._authenticator.session_cookie)

    def remembered(self, credential: Credential | None) -> Admission | None:
        """Return the admission of a caller if nobody has to be asked about it, else None: `admit` asks."""
        if self._authenticator is None:
            return _EVERYBODY
        identity = self._authenticator.remembered(credential) if credential else None
        rights = self._lately((identity.actor, False)) if identity else None
        if identity is None or rights is None:
            return None
        return Admission(identity.actor, rights, credential, identity.expires_at)

    async def admit(self, credential: Credential | None, address: str | None) -> Admission:
        """Return who a caller is and what it may see. Raises Denied; lets nobody in that cannot be identified.

        Bad credentials from ``address`` are counted, if there is one.
        """
        if self._authenticator is None:
            return _EVERYBODY
        if credential is None:
            return await self._anonymous()
        identity = self._authenticator.remembered(credential)
        if identity is None:
            identity = await self._identified(self._authenticator, credential, address)
        rights = await self._rights_of(identity.actor, credential)
        return Admission(identity.actor, rights, credential, identity.expires_at)

    async def _anonymous(self) -> Admission:
        if self.settings.public_mode == "off":
            raise Denied(UNAUTHENTICATED, "this map is read with a token: Authorization: Bearer …")
        summary = self.settings.public_mode == "summary"
        return Admission(ANONYMOUS, await self._rights_of(ANONYMOUS, summary=summary))

    async def _identified(
        self, authenticator: CachedAuthenticator, credential: Credential, address: str | None
    ) -> Identity:
        wait = self._failures.wait_seconds(address) if address is not None else 0
        if wait:
            raise Denied(TOO_MANY_FAILURES, "too many bad credentials came from your address", math.ceil(wait))
        try:
            return await authenticator.identify(credential)
        except InvalidCredential as rejected:
            if address is not None:
                self._failures.note(address)
            raise Denied(UNAUTHENTICATED, f"the credential is not good: {rejected}") from None
        except SourceError:  # its text is about services, and the caller is nobody yet
            detail = f"{authenticator.service} cannot tell now who you are; try again in a moment"
            raise Denied(AUTH_UNAVAILABLE, detail, _RETRY_SECONDS) from None

    async def renew(self, admission: Admission) -> Admission:
        """Return the admission of a reader that stays, as of now. Raises Denied if it may not stay."""
        if admission.expires_at is not None and admission.expires_at <= self._now():
            raise Denied(UNAUTHENTICATED, "the token has expired")
        return await self.admit(admission.credential, None)

    def open_stream(self, admission: Admission, address: str) -> Callable[[], None]:
        """Count a stream that begins; return what to call when it ends. Raises Denied if there are too many."""
        actor = admission.actor.actor_id if admission.credential else None
        if full := self._streams.full(actor, address):
            raise Denied(TOO_MANY_STREAMS, f"{full}; close one first", _RETRY_SECONDS)
        return self._streams.open(actor, address)

    async def _rights_of(
        self, actor: Actor, credential: Credential | None = None, *, summary: bool = False
    ) -> Rights:
        key = (actor, summary)
        rights = self._lately(key)
        if rights is not None:
            return rights
        try:
            rights = await self._policies.rights(actor, credential, summary=summary)
        except NotPermitted as error:
            raise Denied(FORBIDDEN, str(error)) from None
        except Undecided as error:
            raise Denied(POLICY_UNAVAILABLE, str(error), _RETRY_SECONDS) from None
        self._rights.put(key, (self._clock() + _RIGHTS_SECONDS, rights))
        return rights

    def _lately(self, key: tuple[Actor, bool]) -> Rights | None:
        remembered = self._rights.get(key)
        return remembered[1] if remembered and remembered[0] > self._clock() else None

    async def close(self) -> None:
        """Close the connections."""
        if self._authenticator is not None:
            await self._authenticator.close()
        await self._policies.close()


def address_of(scope: Mapping[str, Any]) -> str:
    """Return the address that an ASGI connection comes from, as the server reports it."""
    client = scope.get("client")
    return str(client[0]) if client else ""
