"""The difference between two configurations: which sources it concerns, and what only a restart can change."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from pydantic import BaseModel

from livingmap.config.loading import Config
from livingmap.errors import ConfigFault

_SECTIONS: Final = ("server", "stream", "ui", "nats", "history", "auth", "notify")
_RESTART: Final = "cannot change while the map runs; restart it"


@dataclass(frozen=True, slots=True)
class Difference:
    """What the sources of a configuration have over those of another."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    is_reordered: bool = False
    """Whether the sources that are in both stand in another order: another one may win a field."""

    def __bool__(self) -> bool:
        return bool(self.names) or self.is_reordered

    @property
    def names(self) -> tuple[str, ...]:
        """The sources that it concerns."""
        return (*self.added, *self.changed, *self.removed)


def difference(before: Config, after: Config) -> Difference:
    """Return how the sources that run differ. One that is the same object in both was not changed."""
    old = {one.name: one for one in before.sources if one.runs}
    new = {one.name: one for one in after.sources if one.runs}
    return Difference(
        added=tuple(name for name in new if name not in old),
        changed=tuple(name for name, one in new.items() if name in old and old[name] is not one),
        removed=tuple(name for name in old if name not in new),
        is_reordered=[name for name in old if name in new] != [name for name in new if name in old],
    )


def fixed(before: Config, after: Config) -> list[ConfigFault]:
    """Return what differs although it cannot change while the map runs, each with the reason."""
    faults = [
        ConfigFault(f"{section}.{name}", _RESTART)
        for section in _SECTIONS
        for name in _different_fields(getattr(before, section), getattr(after, section))
    ]
    if before.same_as != after.same_as:
        faults.append(ConfigFault("same_as", _RESTART))
    if before.mock is not None and after.mock is not None and before.mock_settings != after.mock_settings:
        faults.append(ConfigFault("mock", _RESTART))
    asked = _asked_for_memberships(before)
    concerned = [name for name in difference(before, after).names if name in asked]
    faults += [ConfigFault(f"sources.{name}", f"is asked for memberships, and {_RESTART}") for name in concerned]
    return faults


def _different_fields(before: BaseModel, after: BaseModel) -> Iterator[str]:
    for name in type(after).model_fields:
        if _plain(getattr(before, name, None)) != _plain(getattr(after, name)):
            yield name


def _plain(value: Any) -> Any:
    """Return a value that compares equal to that of another load, which makes some models anew."""
    return value.model_dump() if isinstance(value, BaseModel) else value


def _asked_for_memberships(config: Config) -> frozenset[str]:
    authenticator = config.access.authenticator
    lookup = authenticator.plugin.memberships if authenticator and config.access.policy else None
    return frozenset(lookup.sources) if lookup else frozenset()
