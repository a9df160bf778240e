"""What the queries add to the description, apart from plugin.py because that holds only settings and hook."""

from dataclasses import replace
from typing import TYPE_CHECKING

from livingmap.plugin import Layer, Source, Type, TypeField
from livingmap_prometheus.fetch import LAYER, fetch_queries, numbers_of
from livingmap_prometheus.types import QUERY

if TYPE_CHECKING:
    from livingmap_prometheus.plugin import PrometheusSettings


def with_queries(source: Source, settings: "PrometheusSettings") -> Source:
    """Return the source with the queries of its section, and with the fields that they fill."""
    if not settings.queries:
        return source
    places = dict.fromkeys(place for one in settings.queries.values() if one.layer and (place := one.place))
    layers = [Layer(*place, fetch=numbers_of(place), decorates=True) for place in places]
    return replace(
        source,
        layers=(*source.layers, Layer(LAYER, "queries", fetch=fetch_queries), *layers),
        types=(*(_with_fields(one, settings) for one in source.types), QUERY),
    )


def _with_fields(one: Type, settings: "PrometheusSettings") -> Type:
    fields = [
        TypeField(name, query.label, query.kind, query.unit)
        for name, query in settings.queries.items()
        if query.item == one.name
    ]
    return replace(one, fields=(*fields, *one.fields))
