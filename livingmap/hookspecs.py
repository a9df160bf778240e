"""The hooks: when each is asked, what it must not do, and a full example of each.

pluggy serves to find, check and block plugins at start. Afterwards the host calls the functions that the answers
hold; no hook is called per poll or per event.
"""

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

import pluggy

from livingmap.core.actor import Credential, Identity, Scheme
from livingmap.core.model import Json, Message
from livingmap.core.source import Source

PROJECT = "livingmap"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@dataclass(frozen=True, slots=True)
class Request:
    """A GET that a fetch sent to a mocked service."""

    source: str
    """The name of the source that asks."""
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    bearer: str | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer of a mocked service: a body that is sent as JSON, or bytes that are sent as they are."""

    body: Json | bytes
    status: int = 200


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


class AuthClient(Protocol):
    """How an authenticator asks its service: JSON by GET and POST, bounded in time, size and concurrency.

    Failures raise `livingmap.plugin.SourceError`, which an authenticator lets pass: the host then refuses the
    caller for now, and says that it is not the caller's fault.
    """

    @property
    def settings(self) -> Any:
        """The authenticator's own validated section of the YAML."""

    async def get(self, path: str, headers: Mapping[str, str] | None = None) -> Json:
        """Return the answer of ``GET base_url + path``."""

    async def post(self, path: str, body: Json) -> Json:
        """Return the answer of ``POST base_url + path``."""

    async def cached(self, path: str, *, refresh: bool = False) -> Json:
        """Return the answer of a GET that many share, such as a key set, for ten minutes.

        ``refresh`` asks again because something is not in it, but not more often than every ten seconds.
        """


@dataclass(frozen=True, slots=True)
class Authenticator:
    """What an authenticator plugin contributes: who the owner of a credential is."""

    name: str
    """The name in ``auth.mode``."""
    service: str
    """The service behind it: ``auth-service``."""
    settings: type[Any]
    """A subclass of `livingmap.plugin.ServiceSettings` that validates ``auth.authenticator``."""
    identify: Callable[[AuthClient, Credential], Awaitable[Identity]]
    """Returns who it is. Raises `livingmap.plugin.InvalidCredential` for a credential that is not good. Keeps
    nothing: the host remembers the answer for a while, and asks once for many."""
    schemes: Callable[[Any], Collection[Scheme]] = lambda _: (Scheme.BEARER,)
    """By settings, what callers may show; anything else is not looked at."""
    summary: Callable[[Any], str] = lambda _: ""
    """By settings, in a few words how credentials are checked, for ``livingmap check``. No secrets."""


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
    """Describe how callers are known. Asked once, at start, of the plugin that ``auth.mode`` names.

    It must not do I/O, start tasks or keep state: the host caches, limits and times what ``identify`` does.
    Example, a service that knows badges::

        from livingmap.plugin import Actor, AuthClient, Authenticator, Credential, Identity, InvalidCredential
        from livingmap.plugin import NotFound, ServiceSettings, hookimpl

        class BadgeSettings(ServiceSettings):
            base_url: str = "http://porter:8080"

        async def identify(client: AuthClient, credential: Credential) -> Identity:
            try:
                badge = await client.post("/badges/check", {"badge": credential.value})
            except NotFound:
                raise InvalidCredential("no such badge") from None
            return Identity(Actor(badge["owner"], roles=tuple(badge["roles"])))

        @hookimpl
        def livingmap_authenticator() -> Authenticator:
            return Authenticator("badges", "porter", BadgeSettings, identify)
    """
