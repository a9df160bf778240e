"""What a section describes, apart from plugin.py because that holds only the settings and the hook."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Final, TypeVar

from livingmap.plugin import Handler, Layer, LayerSettings, Lifetime, Relation, Source, Type, TypeSettings
from livingmap_http.events import messages_of
from livingmap_http.fetch import details_of, rows_of
from livingmap_http.sections import ItemSection, ListSection

if TYPE_CHECKING:
    from livingmap_http.plugin import HttpSettings

T = TypeVar("T", bound=ItemSection)

_ALIVE: Final = frozenset({"active", "busy", "degraded", "idle", "online"})


def as_configured(source: Source, settings: "HttpSettings") -> Source:
    """Return the source with all that its section describes."""
    return replace(
        source,
        service=settings.service or source.name,
        layers=tuple(_layers(settings)),
        handlers=_handlers(settings),
        details={kind: details_of(one) for kind, one in settings.details.items()},
        lifetimes=tuple(_lifetime(one) for one in settings.lists if one.alive),
        sentences=settings.sentences,
        types=tuple(_types(settings)),
    )


def _by_place(sections: Iterable[T]) -> dict[tuple[str, str], list[T]]:
    places: dict[tuple[str, str], list[T]] = {}
    for one in sections:
        places.setdefault((one.layer, one.collection), []).append(one)
    return places


def _layers(settings: "HttpSettings") -> Iterator[Layer]:
    lists, events = _by_place(settings.lists), _by_place(settings.events)
    for place in {**lists, **events}:
        listing, messages = lists.get(place, []), events.get(place, [])
        words = settings.layers.get(place[0], LayerSettings())
        yield Layer(
            *place,
            fetch=rows_of(listing) if listing else None,
            decorates=bool(listing) and all(one.decorates for one in listing),
            complete=all(one.complete for one in listing),
            references=tuple(dict.fromkeys(name for one in (*listing, *messages) for name in one.references)),
            defaults={name: value for one in listing for name, value in one.defaults.items()},
            title=words.title,
            hint=words.hint,
            icon=words.icon,
        )


def _handlers(settings: "HttpSettings") -> dict[str, Handler]:
    subjects = dict.fromkeys(one.subject for one in settings.events)
    return {
        subject: messages_of([one for one in settings.events if one.subject == subject]) for subject in subjects
    }


def _lifetime(section: ListSection) -> Lifetime:
    return Lifetime(
        section.layer,
        since=section.alive,
        setting="alive_seconds",
        values=_ALIVE,
        becomes="offline",
        collection=section.collection,
    )


def _types(settings: "HttpSettings") -> Iterator[Type]:
    """Yield every type that is listed, with the words that there are for it."""
    names = dict.fromkeys(one.type for one in settings.lists if not one.decorates)
    for name in names:
        sections = [one for one in (*settings.lists, *settings.events) if one.type == name]
        home = next((one.layer, one.collection) for one in sections if not getattr(one, "decorates", False))
        yield settings.types.get(name, TypeSettings()).declared(name, home, _relations(sections))


def _relations(sections: Iterable[ItemSection]) -> Iterator[Relation]:
    references = {field: one for section in sections for field, one in section.references.items()}
    for field, one in references.items():
        yield Relation(field, one.label, one.referrers)
