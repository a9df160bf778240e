"""What the file with another map's types describes, apart from plugin.py because that holds settings and hook."""

from dataclasses import replace
from typing import TYPE_CHECKING

from livingmap.plugin import Layer, Source

if TYPE_CHECKING:
    from livingmap_map.plugin import MapSettings


def as_configured(source: Source, settings: "MapSettings") -> Source:
    """Return the source with the layers and types of the other map. Raises ValueError."""
    described, places = settings.described(), settings.places()
    icons = {one.name: one.icon for one in described.table.layers}
    layers = [
        Layer(
            layer,
            collection,
            references=tuple(sorted(fields)),
            title=described.layer_words(layer, "title"),
            hint=described.layer_words(layer, "hint"),
            icon=icons.get(layer, ""),
        )
        for (layer, collection), fields in places.items()
    ]
    types = tuple(described.types(places))
    return replace(source, service=settings.service or source.name, layers=tuple(layers), types=types)
