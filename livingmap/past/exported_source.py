"""The source of an exported map: what its types, layers and events are called, as the header of the file says."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from livingmap.core.model import CollectionKey, Fields, Put, Total
from livingmap.core.reducer import state_of
from livingmap.core.source import Layer, Source
from livingmap.core.types import Relation, Status, Type, TypeField
from livingmap.errors import LivingMapError
from livingmap.sources.settings import SectionSettings

NAME: Final = "export"

_Tables = Mapping[str, Fields]
"""By language, the answer of ``/living-map/types``."""


def exported_source(header: Fields, layers: Fields) -> Source:
    """Return what describes the map whose export has this header, and which ends with these layers.

    Raises ExportedWordsError.
    """
    try:
        tables: _Tables = header["types"]
        types = tuple(_type(tables, one) for one in tables["en"]["types"] if one["declared"])
        sentences = {one["event_type"]: one["texts"] for one in header.get("sentences", ())}
        return Source(
            NAME, NAME, SectionSettings, tuple(_layers(tables, layers)), types=types, sentences=sentences
        )
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ExportedWordsError(f"the words of the map are damaged: {error!r}") from error


class ExportedWordsError(LivingMapError):
    """The header of an export does not describe a map."""


def contents(layers: Fields) -> Iterator[Put | Total]:
    """Return what makes the map that these layers describe."""
    for name, layer in state_of(layers).items():
        yield Total(name, layer.totals)
        for collection, items in layer.collections.items():
            for entity_id, item in items.items():
                fields = {field: value for field, value in item.items() if field != "id"}
                yield Put(name, entity_id, fields, collection=collection)


def reporters(header: Fields) -> dict[str, tuple[str, ...]]:
    """Return by type the sources that reported it on the map whose export has this header."""
    return {one["name"]: tuple(one.get("sources", ())) for one in header["types"]["en"]["types"]}


def _layers(tables: _Tables, layers: Fields) -> Iterator[Layer]:
    references: dict[CollectionKey, dict[str, None]] = {
        (name, collection): {} for name, layer in state_of(layers).items() for collection in layer.collections
    }
    for one in tables["en"]["types"]:
        fields = dict.fromkeys(relation["field"] for relation in one["relations"])
        for place in one["collections"]:
            references.setdefault((place["layer"], place["collection"]), {}).update(fields)
    described = {one["name"]: one for one in tables["en"]["layers"]}
    for (name, collection), fields in references.items():
        words = described.get(name, {})
        yield Layer(
            name,
            collection,
            references=tuple(fields),
            title=_words(tables, "layers", name, "title"),
            hint=_words(tables, "layers", name, "hint"),
            icon=words.get("icon", ""),
            standing={} if words.get("standing") else None,
        )


def _type(tables: _Tables, one: Fields) -> Type:
    name, places = one["name"], [(place["layer"], place["collection"]) for place in one["collections"]]
    return Type(
        name,
        places[0],
        elsewhere=tuple(places[1:]),
        label=_words(tables, "types", name, "label"),
        plural=_words(tables, "types", name, "plural"),
        counts=_words(tables, "types", name, "counts"),
        icon=one["icon"],
        rank=one["rank"],
        status=one["status"],
        statuses={
            status: Status(how["tone"], _members(tables, name, "statuses", status, "label"))
            for status, how in one["statuses"].items()
        },
        fields=tuple(_field(tables, name, field) for field in one["fields"]),
        relations=tuple(_relation(tables, name, relation) for relation in one["relations"]),
        place=one["place"],
        within=tuple(one["within"]),
        look=one["look"],
        size=one["size"],
        glow=tuple(one["glow"]),
        group=one["group"],
        highlight=one["highlight"],
    )


def _field(tables: _Tables, type_: str, field: Fields) -> TypeField:
    label = _members(tables, type_, "fields", field["name"], "label")
    return TypeField(
        field["name"], label, field["kind"], field["unit"], field["table"], field.get("additive", False)
    )


def _relation(tables: _Tables, type_: str, relation: Fields) -> Relation:
    name = relation["field"]
    label, referrers = (_members(tables, type_, "relations", name, what) for what in ("label", "referrers"))
    return Relation(name, label, referrers, relation["arcs"], relation["orbit"])


def _words(tables: _Tables, kind: str, name: str, what: str) -> dict[str, Any]:
    """Return what a type or layer says in each language; nothing if it says nothing in English."""
    words = {
        language: one[what]
        for language, table in tables.items()
        for one in table[kind]
        if one["name"] == name and one.get(what)
    }
    return words if "en" in words else {}


def _members(tables: _Tables, type_: str, kind: str, name: str, what: str) -> dict[str, str]:
    """Return what a status, field or relation of a type is called in each language."""
    words = {}
    for language, table in tables.items():
        for one in table["types"]:
            if one["name"] == type_ and (member := _member(one[kind], name)):
                words[language] = member[what]
    return words


def _member(members: Mapping[str, Fields] | Sequence[Fields], name: str) -> Fields | None:
    if isinstance(members, Mapping):
        return members.get(name)
    return next((one for one in members if name in (one.get("name"), one.get("field"))), None)
