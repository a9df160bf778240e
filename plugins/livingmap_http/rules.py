"""Rules for names that one part of a section uses, apart from plugin.py because they look across its parts."""

import difflib
from collections.abc import Collection, Iterable, Iterator
from typing import TYPE_CHECKING, Final

from livingmap_http.sections import EventSection, ItemSection, ListSection, not_a_field

if TYPE_CHECKING:
    from livingmap_http.plugin import HttpSettings

STATUSES: Final = frozenset(
    {
        "active",
        "busy",
        "degraded",
        "deleted",
        "error",
        "failed",
        "idle",
        "inactive",
        "offline",
        "online",
        "unknown",
    }
)
"""The map's own words for how an item is; a type may have others."""
_CLOSE: Final = 0.85
"""How like another a name has to be for it to be a slip, and not the name of something of another source."""


def unknown_names(settings: "HttpSettings") -> Iterator[str]:
    """Yield what names something that is not there, with what was meant where that can be seen."""
    yield from _of_nothing(settings)
    for where, one in _sections(settings):
        yield from (f"{where}.{fault}" for fault in _section_faults(one, settings))
    for name, kind in settings.types.items():
        own = {field for _, one in _sections(settings) if one.type == name for field in _fields(one)}
        own |= set(settings.details[name].fields) if name in settings.details else set()
        yield from (f"types.{name}.fields: {slip}" for slip in _slips(kind.fields, own))


def _of_nothing(settings: "HttpSettings") -> Iterator[str]:
    types = {one.type for one in settings.lists if not one.decorates}
    places = {one.layer for _, one in _sections(settings)}
    for what, given, listed in (
        ("types", settings.types, types),
        ("details", settings.details, types),
        ("layers", settings.layers, places),
    ):
        if unknown := sorted(given.keys() - listed):
            yield f"{what}: nothing lists {', '.join(unknown)} (there are: {', '.join(sorted(listed))})"


def _section_faults(one: ItemSection, settings: "HttpSettings") -> Iterator[str]:
    types = {other.type for _, other in _sections(settings)} | settings.types.keys()
    for field, reference in one.references.items():
        yield from (f"references.{field}.type: {slip}" for slip in _slips([reference.type], types))
    statuses = settings.types[one.type].statuses.keys() if one.type in settings.types else ()
    yield from (f"status_words: {slip}" for slip in _slips(one.status_words.values(), STATUSES.union(statuses)))
    if isinstance(one, ListSection):
        place = (one.layer, one.collection)
        beside = [other for _, other in _sections(settings) if (other.layer, other.collection) == place]
        fields = {field for other in beside for field in _fields(other)}
        yield from (f"alive: {not_a_field(name, fields)}" for name in one.alive if name not in fields)


def _sections(settings: "HttpSettings") -> Iterator[tuple[str, ItemSection]]:
    yield from ((f"lists.{index}", one) for index, one in enumerate(settings.lists))
    yield from ((f"events.{index}", one) for index, one in enumerate(settings.events))


def _fields(one: ItemSection) -> Iterator[str]:
    yield from (*one.fields, *one.references)
    if isinstance(one, ListSection):
        yield from one.defaults
    elif isinstance(one, EventSection) and one.received:
        yield one.received


def _slips(names: Iterable[str], right: Collection[str]) -> Iterator[str]:
    """Yield the names that are like a right one, and not it; a plural is another name."""
    for name in names:
        close = difflib.get_close_matches(name, right, n=1, cutoff=_CLOSE) if name not in right else []
        if close and f"{name}s" != close[0] and f"{close[0]}s" != name:
            yield f"{name} is not there; did you mean {close[0]}?"
