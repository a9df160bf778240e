"""The description of another map: the answer of its ``GET /living-map/types``, in one language or in several."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

from pydantic import BaseModel

from livingmap.plugin import InvalidAnswer, Relation, Status, Type, TypeField, read_one

Place: TypeAlias = tuple[str, str]
"""A layer and a collection."""


class Collection(BaseModel):
    """A collection of a layer."""

    layer: str
    collection: str


class StatusWords(BaseModel):
    """A status of a type."""

    tone: Literal["good", "busy", "idle", "warn", "bad", "off"]
    label: str


class FieldWords(BaseModel):
    """A field of a type."""

    name: str
    label: str
    kind: Any = "auto"
    unit: str = ""
    table: bool = True
    additive: bool = False


class RelationWords(BaseModel):
    """A relation of a type."""

    field: str
    label: str
    referrers: str
    arcs: bool = True


class TypeWords(BaseModel):
    """A type, in one language."""

    name: str
    declared: bool = True
    label: str
    plural: str
    counts: dict[str, str] = {}
    icon: str = ""
    rank: int = 500
    collections: list[Collection]
    status: str = "status"
    statuses: dict[str, StatusWords] = {}
    fields: list[FieldWords] = []
    relations: list[RelationWords] = []
    place: Any = "inside"
    within: list[str] = []
    look: str = "mark"


class LayerWords(BaseModel):
    """A layer, in one language."""

    name: str
    title: str = ""
    hint: str = ""
    icon: str = ""


class TypeTable(BaseModel):
    """What there is on a map, in one language."""

    types: list[TypeWords]
    layers: list[LayerWords]


@dataclass(frozen=True, slots=True)
class Described:
    """What there is on a map, by language, English among them."""

    tables: Mapping[str, TypeTable]

    @classmethod
    def read(cls, file: Path) -> "Described":
        """Read a file, which holds one answer of a map, or several by language. Raises ValueError."""
        try:
            given = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise ValueError(f"types_file: {error}; fetch it from /living-map/types of the other map") from None
        tables = given if isinstance(given, dict) and "types" not in given else {"en": given}
        try:
            described = {language: read_one(TypeTable, one, language) for language, one in tables.items()}
        except InvalidAnswer as error:
            raise ValueError(f"types_file: {file} is not an answer of /living-map/types: {error}") from None
        if "en" not in described:
            raise ValueError(f"types_file: {file} has no English (en)")
        return cls(described)

    @property
    def table(self) -> TypeTable:
        """The types and layers in English, with all that is not a word."""
        return self.tables["en"]

    def places(self, layers: Iterable[str] | None) -> dict[Place, set[str]]:
        """Return the collections of ``layers``, or of all, each with the fields that hold ids."""
        wanted = None if layers is None else set(layers)
        places: dict[Place, set[str]] = {}
        for one in self.table.types:
            for place in one.collections:
                if wanted is None or place.layer in wanted:
                    fields = places.setdefault((place.layer, place.collection), set())
                    fields.update(relation.field for relation in one.relations)
        return places

    def layer_words(self, layer: str, what: Literal["title", "hint"]) -> dict[str, str]:
        """Return title or hint of a layer by language."""
        tables = {language: {one.name: one for one in table.layers} for language, table in self.tables.items()}
        words = {language: getattr(some.get(layer), what, "") for language, some in tables.items()}
        return _in_english({language: text for language, text in words.items() if text})

    def types(self, places: Mapping[Place, object]) -> list[Type]:
        """Return the types that the map declares, as far as they stand in ``places``."""
        return [
            _type(one, home, {language: self._type_in(table, one.name) for language, table in self.tables.items()})
            for one in self.table.types
            if one.declared
            and (
                home := next(
                    (at for at in ((c.layer, c.collection) for c in one.collections) if at in places), None
                )
            )
        ]

    @staticmethod
    def _type_in(table: TypeTable, name: str) -> TypeWords | None:
        return next((one for one in table.types if one.name == name), None)


def _in_english(words: dict[str, str]) -> dict[str, str]:
    """Return words only if they are there in English."""
    return words if "en" in words else {}


def _type(one: TypeWords, home: Place, given: Mapping[str, TypeWords | None]) -> Type:
    by_language = {language: words for language, words in given.items() if words is not None}
    return Type(
        one.name,
        home,
        label={language: words.label for language, words in by_language.items()},
        plural={language: words.plural for language, words in by_language.items()},
        counts={language: words.counts for language, words in by_language.items() if "other" in words.counts},
        icon=one.icon,
        rank=one.rank,
        status=one.status,
        statuses={
            name: Status(status.tone, _status_label(by_language, name)) for name, status in one.statuses.items()
        },
        fields=tuple(
            TypeField(
                field.name,
                _field_label(by_language, field.name),
                field.kind,
                field.unit,
                field.table,
                field.additive,
            )
            for field in one.fields
        ),
        relations=tuple(_relation(by_language, relation) for relation in one.relations),
        place=one.place,
        within=tuple(name for name in one.within if name in {relation.field for relation in one.relations}),
        look=one.look,
    )


def _status_label(given: Mapping[str, TypeWords], name: str) -> dict[str, str]:
    return {language: one.statuses[name].label for language, one in given.items() if name in one.statuses}


def _field_label(given: Mapping[str, TypeWords], name: str) -> dict[str, str]:
    return {language: field.label for language, one in given.items() for field in one.fields if field.name == name}


def _relation(given: Mapping[str, TypeWords], relation: RelationWords) -> Relation:
    found = {
        language: other
        for language, one in given.items()
        for other in one.relations
        if other.field == relation.field
    }
    return Relation(
        relation.field,
        {language: other.label for language, other in found.items()},
        {language: other.referrers for language, other in found.items()},
        relation.arcs,
    )
