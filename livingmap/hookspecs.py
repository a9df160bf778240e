"""The hooks: when each is asked, what it must not do, and a full example of each.

pluggy serves to find, check and block plugins at start. Afterwards the host calls the functions that the answers
hold; no hook is called per poll or per event.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

import pluggy

from livingmap.core.auth import AccountProvider, Authenticator, PolicyEngine
from livingmap.core.model import Json, Message
from livingmap.core.source import Source

PROJECT = "livingmap"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@dataclass(frozen=True, slots=True)
class Request:
    """A request to a mocked service, such as the GET of a fetch."""

    source: str
    """The name of the source that asks, that is of its section in the YAML."""
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    bearer: str | None = None
    method: str = "GET"
    body: Json = None
    """The JSON that was sent; None if there was none."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """By name in lower case."""
    parameters: tuple[tuple[str, str], ...] = ()
    """All parameters in their order; ``query`` has the last one of each name."""
    plugin: str = ""
    """The name that the plugin of the source gives itself; several sources may have one plugin."""


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer of a mocked service: a body that is sent as JSON, or bytes that are sent as they are."""

    body: Json | bytes
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


class World(Protocol):
    """A running simulation that stands in for services."""

    def reply(self, request: Request, now: datetime) -> Reply | None:
        """Answer as the service would; None if it knows no such service or path (the caller sees a 404)."""

    def step(self, now: datetime) -> Iterable[Message]:
        """Let one thing happen and return what the services would publish of it, maybe nothing."""


@dataclass(frozen=True, slots=True)
class Mock:
    """What a mock plugin contributes: how to build the world that stands in for services."""

    settings: type[Any]
    """A pydantic model of the ``mock:`` section of the YAML; it has a field ``events_per_second: float``."""
    build: Callable[[Any, Sequence[Source]], World]
    """``build(settings, sources) -> World``, with the sources whose section says ``mock: true``. No I/O but
    reading their samples."""


@hookspec
def livingmap_source() -> Source:  # type: ignore[empty-body]
    """Describe a source. Asked once, at start, of every plugin that the YAML names and enables.

    It must not do I/O, start tasks or keep state: what it returns is data that holds plain functions. The
    name has to be the name of the plugin's section in the YAML. Example, a whole plugin in one file::

        from livingmap.plugin import Client, Event, Layer, Part, Put, Source, SourceSettings, hookimpl

        class Settings(SourceSettings):
            base_url: str = "http://weather:8080"

        async def stations(client: Client) -> list[Put]:
            rows = await client.get("/stations")
            return [Put("weather", f"station:{row['id']}", {"name": row["name"]}) for row in rows]

        def on_reading(event: Event, part: Part) -> list[Put]:
            reading = {"celsius": event.payload["celsius"]}
            return [Put("weather", f"station:{event.payload['station']}", reading, creates=False)]

        @hookimpl
        def livingmap_source() -> Source:
            return Source(
                name="weather",
                service="weather-service",
                settings=Settings,
                layers=(Layer("weather", fetch=stations),),
                handlers={"weather.reading.*": on_reading},
            )
    """


@hookspec
def livingmap_mock() -> Mock:  # type: ignore[empty-body]
    """Describe how to simulate services. Asked once, at start, if any enabled source says ``mock: true``.

    One plugin answers; the ``mock:`` section of the YAML names another than the built-in one by ``module:``.
    It must not do I/O or start tasks: the host asks the world for replies and lets it step. Example::

        @hookimpl
        def livingmap_mock() -> Mock:
            return Mock(settings=MockSettings, build=SimulatedWorld)
    """


@hookspec
def livingmap_authenticator() -> Authenticator:  # type: ignore[empty-body]
    """Describe how callers are identified. Asked once, at start, of the plugin that ``auth.mode`` names.

    It must not do I/O, start tasks or keep state: the host caches, limits and times what ``identify`` does.
    Example, a service that knows badges::

        from pydantic import BaseModel

        from livingmap.plugin import Actor, AuthClient, Authenticator, Credential, Identity, InvalidCredential
        from livingmap.plugin import NotFound, ServiceSettings, hookimpl, read_one

        class BadgeSettings(ServiceSettings):
            base_url: str = "http://porter:8080"

        class Badge(BaseModel):
            owner: str
            roles: tuple[str, ...] = ()

        async def identify(client: AuthClient, credential: Credential) -> Identity:
            try:
                answer = await client.post("/badges/check", {"badge": credential.value})
            except NotFound:
                raise InvalidCredential("no such badge") from None
            badge = read_one(Badge, answer, "/badges/check")
            return Identity(Actor(badge.owner, roles=badge.roles))

        @hookimpl
        def livingmap_authenticator() -> Authenticator:
            return Authenticator("badges", "porter", BadgeSettings, identify)
    """


@hookspec
def livingmap_policy() -> PolicyEngine:  # type: ignore[empty-body]
    """Describe how policies decide. Asked once, at start, of the plugin that ``auth.pdp.engine`` names.

    It must not do I/O, start tasks or keep state: the host remembers decisions for ``auth.pdp.ttl_seconds``,
    asks several at once, and denies what is not decided in time. Example, a porter who has a list of keys::

        from pydantic import BaseModel

        from livingmap.plugin import Actor, AuthClient, PolicyEngine, Question, ServiceSettings, hookimpl, read_one

        class KeySettings(ServiceSettings):
            base_url: str = "http://porter:8080"

        class Keys(BaseModel):
            rooms: frozenset[str]

        async def decide(client: AuthClient, actor: Actor, question: Question) -> bool:
            answer = await client.post("/keys", {"owner": actor.actor_id})
            return question.id in read_one(Keys, answer, "/keys").rooms

        @hookimpl
        def livingmap_policy() -> PolicyEngine:
            return PolicyEngine("keys", "porter", KeySettings, decide, frozenset({"enter"}), frozenset({"room"}))
    """


@hookspec
def livingmap_account() -> AccountProvider:  # type: ignore[empty-body]
    """Describe how the map signs in. Asked once, at start, of the plugin that ``auth.account.provider`` names.

    It must not do I/O, start tasks or keep state: the host decides when to sign in and when to refresh, and does
    so once for all sources. Example, a porter who gives a visitor's badge::

        from pydantic import BaseModel, SecretStr

        from livingmap.plugin import AccountProvider, AuthClient, ServiceSettings, Tokens, hookimpl, read_one

        class VisitorSettings(ServiceSettings):
            base_url: str = "http://porter:8080"
            key: SecretStr

        class Badge(BaseModel):
            badge: str
            minutes: float

        async def sign_in(client: AuthClient) -> Tokens:
            answer = await client.post("/badges/visitor", {"key": client.settings.key.get_secret_value()})
            badge = read_one(Badge, answer, "/badges/visitor")
            return Tokens(badge.badge, badge.minutes * 60)

        @hookimpl
        def livingmap_account() -> AccountProvider:
            return AccountProvider("visitors", "porter", VisitorSettings, sign_in)
    """
