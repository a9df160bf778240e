"""What the queries describe, apart from plugin.py because that holds only the settings and the hook."""

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from livingmap.plugin import Layer, LayerSettings, Relation, Source, Type, TypeSettings
from livingmap_postgres.sections import QuerySection

if TYPE_CHECKING:
    from livingmap_postgres.plugin import PostgresSettings


def as_configured(source: Source, settings: "PostgresSettings") -> Source:
    """Return the source with the layers and types of its queries."""
    return replace(
        source,
        service=settings.service or source.name,
        layers=tuple(_layers(settings)),
        types=tuple(_types(settings)),
    )


def _layers(settings: "PostgresSettings") -> Iterator[Layer]:
    for place, queries in settings.by_place().items():
        words = settings.layers.get(place[0], LayerSettings())
        sections = [section for _, section in queries]
        yield Layer(
            *place,
            decorates=all(one.decorates for one in sections),
            references=tuple(dict.fromkeys(name for one in sections for name in one.references)),
            title=words.title,
            hint=words.hint,
            icon=words.icon,
        )


def _types(settings: "PostgresSettings") -> Iterator[Type]:
    listing: dict[str, list[QuerySection]] = {}
    for one in settings.queries.values():
        if not one.decorates:
            listing.setdefault(one.type, []).append(one)
    for name, sections in listing.items():
        references = {field: one for section in sections for field, one in section.references.items()}
        relations = [Relation(field, one.label, one.referrers) for field, one in references.items()]
        home = (sections[0].layer, sections[0].collection)
        yield settings.types.get(name, TypeSettings()).declared(name, home, relations)
