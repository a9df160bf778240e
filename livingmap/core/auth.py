"""What the plugins of access control describe: authenticators, policy engines, and accounts of the map's own."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, Protocol

from livingmap.core.actor import Actor, Credential, Identity, Scheme
from livingmap.core.model import Event, Json


class AuthClient(Protocol):
    """How a plugin of access control asks its service: JSON by GET and POST, bounded in time, size and number.

    Failures raise `livingmap.plugin.SourceError`, which the plugin lets pass: the host then refuses the caller
    for now, and says that it is not the caller's fault.
    """

    @property
    def settings(self) -> Any:
        """The plugin's own validated section of the YAML."""

    async def get(self, path: str, headers: Mapping[str, str] | None = None) -> Json:
        """Return the answer of ``GET base_url + path``."""

    async def post(self, path: str, body: Json) -> Json:
        """Return the answer of ``POST base_url + path``."""

    async def cached(self, path: str, *, refresh: bool = False) -> Json:
        """Return the answer of a GET that many share, such as a key set, for ten minutes.

        ``refresh`` asks again because something is not in it, but not more often than every ten seconds.
        """


EVERYBODY: Final = "*"
"""In place of an actor's id: anybody's memberships may have changed."""


@dataclass(frozen=True, slots=True)
class MembershipLookup:
    """How to find out what an actor belongs to, where its credential does not say."""

    sources: tuple[str, ...]
    """The sources of the map whose services are asked, at the addresses in their sections."""
    complete: Callable[[Mapping[str, AuthClient], Actor, Credential], Awaitable[Actor]]
    """Returns the actor with its memberships. Gets a client for each source that is enabled and real, and the
    actor's own credential. Raises `livingmap.plugin.SourceError` if that cannot be told now. Keeps nothing: the
    host remembers the answer for a while."""
    concerned: Mapping[str, Callable[[Event], str | None]] = field(default_factory=dict)
    """By pattern of an entry's type, mostly a NATS subject, whose memberships it changes: the actor's id, None for
    nobody's, `EVERYBODY` if it does not say whose. Of a poll (``livingmap.source.refreshed``) the payload has its
    ``source`` and the names of the ``fields`` that it changed. Pure."""


@dataclass(frozen=True, slots=True)
class Authenticator:
    """What an authenticator plugin contributes: who the owner of a credential is."""

    name: str
    """The name in ``auth.mode``."""
    service: str
    """The service behind it, as reports name it: ``porter``."""
    settings: type[Any]
    """A subclass of `livingmap.plugin.ServiceSettings` that validates ``auth.authenticator``."""
    identify: Callable[[AuthClient, Credential], Awaitable[Identity]]
    """Returns who it is. Raises `livingmap.plugin.InvalidCredential` for a credential that is not good. Keeps
    nothing: the host remembers the answer for a while, and asks once for many."""
    schemes: Callable[[Any], Collection[Scheme]] = lambda _: (Scheme.BEARER,)
    """By settings, what callers may show; anything else is not looked at."""
    summary: Callable[[Any], str] = lambda _: ""
    """By settings, in a few words how credentials are checked, for ``livingmap check``. No secrets."""
    session_cookie: str = "session"
    """Name of the cookie that `livingmap.plugin.Scheme.SESSION` is about."""
    memberships: MembershipLookup | None = None
    """How to find out what actors belong to. None: their credentials say."""


class Question(NamedTuple):
    """Whether an actor may do something to a resource, in the words of a policy engine."""

    action: str
    type: str
    id: str


@dataclass(frozen=True, slots=True)
class PolicyEngine:
    """What a policy plugin contributes: answers to the questions that the rules of ``auth.pdp`` ask."""

    name: str
    """The name in ``auth.pdp.engine``."""
    service: str
    """The service behind it, as errors name it: ``pdp-service``."""
    settings: type[Any]
    """A subclass of `livingmap.plugin.ServiceSettings` that validates its part of ``auth.pdp``."""
    decide: Callable[[AuthClient, Actor, Question], Awaitable[bool]]
    """Returns whether ``actor`` may. Raises `livingmap.plugin.SourceError` if that cannot be told now, which
    permits nothing. Keeps nothing: the host remembers decisions, and bounds how many are under way."""
    actions: frozenset[str] | None = None
    """The actions that rules may name; None for any."""
    resources: frozenset[str] | None = None
    """The types of resource that rules may name; None for any."""
    members_may: frozenset[str] = frozenset()
    """The actions that every member of a thing may do to it. The engine is not asked about them."""
    namespace: str | None = None
    """The namespace of the ids by which the engine knows things; None for the ids of the map."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """What signing in gives. The values are secrets: they are in no ``repr``."""

    access: str = field(repr=False)
    """The Bearer token to send to services."""
    lasts_seconds: float
    """For how long ``access`` is good from now on."""
    refresh: str = field(default="", repr=False)
    """What the next `Tokens` are got with, once; empty to sign in again."""


@dataclass(frozen=True, slots=True)
class AccountProvider:
    """What an account plugin contributes: how the map signs in, for sources with ``account: true``."""

    name: str
    """The name in ``auth.account.provider``."""
    service: str
    """The service behind it, as errors name it: ``auth-service``."""
    settings: type[Any]
    """A subclass of `livingmap.plugin.ServiceSettings` that validates its part of ``auth.account``, such as a name
    and a password."""
    sign_in: Callable[[AuthClient], Awaitable[Tokens]]
    """Returns tokens for what the settings say. Raises `livingmap.plugin.SourceError`. The host decides when."""
    refresh: Callable[[AuthClient, str], Awaitable[Tokens]] | None = None
    """Returns tokens for a refresh token. A `livingmap.plugin.RequestRejected` makes the host sign in again."""
