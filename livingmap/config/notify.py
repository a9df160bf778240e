"""Section ``notify``: who is told of problems, of which, and when."""

import logging
from collections.abc import Iterable, Iterator, Sequence
from datetime import time
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Final, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from livingmap.core.route import matches

_DOCUMENTED: Final = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)
_SUBJECT: Final = r"^[^\s.*>$_][^\s.*>]*(\.[^\s.*>]+)*$"
_HOURS: Final = r"([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d"


class NotifyRoute(BaseModel):
    """Where problems of some kinds are sent."""

    model_config = _DOCUMENTED

    urls: tuple[SecretStr, ...] = ()
    """Addresses as Apprise writes them, such as mailtos://…; better in urls_file, as they hold secrets."""
    urls_file: Path | None = None
    """File with one such address on each line, sought beside the YAML; read for every message."""
    severity: Literal["critical", "warning", "info"] = "critical"
    """Only problems that are at least as grave."""
    codes: tuple[str, ...] = ()
    """Only problems with these codes; none: with any."""
    sources: tuple[str, ...] = ()
    """Only problems of these sources; none: of any, and those that are of no source."""
    layers: tuple[str, ...] = ()
    """Only problems that affect one of these layers; none: any, and those that affect no layer."""
    language: Literal["en", "uk"] = "en"
    """The language of the messages."""
    quiet_hours: Annotated[str, Field(pattern=f"^{_HOURS}$")] | None = None
    """When only critical problems are sent, such as 22:00-07:00; all others follow in one message after."""
    timezone: str = "UTC"
    """The time zone of quiet_hours, such as Europe/Kyiv."""
    pause_seconds: Annotated[float, Field(ge=10, le=86_400)] = 300.0
    """The least time between two messages; what happens meanwhile is in the next one."""

    @field_validator("timezone")
    @classmethod
    def _is_known(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError(f"{value!r} is no time zone; write it like Europe/Kyiv") from None
        return value

    @model_validator(mode="after")
    def _has_addresses(self) -> Self:
        if bool(self.urls) == (self.urls_file is not None):
            raise ValueError("give urls or urls_file, and not both")
        return self

    def addresses(self) -> list[str]:
        """Return where to send messages. Raises OSError if they cannot be read."""
        if self.urls_file is None:
            return [url.get_secret_value() for url in self.urls]
        lines = (line.strip() for line in self.urls_file.read_text(encoding="utf-8").splitlines())
        return [line for line in lines if line and not line.startswith("#")]

    def is_quiet(self, at: time) -> bool:
        """Tell whether it is quiet at a time of the day in its time zone; quiet hours may lead over midnight."""
        if self.quiet_hours is None:
            return False
        begin, end = (time.fromisoformat(text) for text in self.quiet_hours.split("-"))
        return begin <= at < end if begin <= end else at >= begin or at < end


def invalid_routes(routes: Sequence[NotifyRoute]) -> Iterator[tuple[int, str]]:
    """Yield what is wrong with the addresses of routes, each with the number of the route. Names no address."""
    if routes and find_spec("apprise") is None:
        yield 0, "needs the package apprise: install livingmap[notify]"
        return
    for number, route in enumerate(routes):
        try:
            addresses = route.addresses()
        except (OSError, ValueError) as error:
            yield number, f"urls_file: cannot be read: {error}"
            continue
        if not addresses:
            yield number, "urls_file: has no address"
        for address in addresses:
            if not _is_understood(address):
                scheme = address.partition(":")[0]
                yield number, f"Apprise does not understand the address that begins with {scheme!r}"


def _is_understood(address: str) -> bool:
    import apprise  # noqa: PLC0415 - large, and of an extra: only maps that notify have it

    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)  # it names addresses
    return apprise.Apprise.instantiate(address) is not None


class NotifyNats(BaseModel):
    """Where every problem is published for other programs."""

    model_config = _DOCUMENTED

    subject: Annotated[str, Field(pattern=_SUBJECT, max_length=200)]
    """A subject that the map itself does not take messages from, such as livingmap.problems."""


def invalid_subject(subject: str, taken: Iterable[str]) -> str | None:
    """Return why problems cannot be published on ``subject``: a map must not read what it says itself."""
    pattern = next((pattern for pattern in taken if matches(pattern, subject)), None)
    return (
        f"the map itself takes {pattern}; choose another subject, such as livingmap.problems" if pattern else None
    )


class NotifySettings(BaseModel):
    """Section ``notify``."""

    model_config = _DOCUMENTED

    routes: tuple[NotifyRoute, ...] = ()
    """Where which problems are sent."""
    nats: NotifyNats | None = None
    """Where every problem is published on the NATS of the map, as JSON; see below."""

    def beside(self, folder: Path) -> Self:
        """Return the section with its files sought in ``folder``."""
        routes = [
            one.model_copy(update={"urls_file": folder / one.urls_file}) if one.urls_file else one
            for one in self.routes
        ]
        return self.model_copy(update={"routes": tuple(routes)})
