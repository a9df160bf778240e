"""Settings for what people call types and layers, of which plugins make parts of their own settings."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from livingmap.core.model import CollectionKey, Json
from livingmap.core.types import PLURALS, FieldKind, Place, Relation, Status, Tone, Type, TypeField

_COUNTRIES: Final[Mapping[str, str]] = MappingProxyType(
    {"cn": "zh", "cz": "cs", "dk": "da", "gb": "en", "gr": "el", "jp": "ja", "ua": "uk", "us": "en"}
)
"""The languages of countries whose code is often given for the language, and is not the code of one."""

PlainName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


def _not_the_id(name: str) -> str:
    if name == "id":
        raise ValueError("is the id of the item itself; give the field another name")
    return name


def _by_language(value: Json) -> Json:
    return {"en": value} if isinstance(value, str) else value


def _languages(words: dict[str, str]) -> dict[str, str]:
    for country in _COUNTRIES.keys() & words.keys():
        raise ValueError(f"{country!r} is not a language; did you mean {_COUNTRIES[country]}?")
    if words and "en" not in words:
        raise ValueError("has no English text (en)")
    return words


def _plural_forms(forms: dict[str, str]) -> dict[str, str]:
    for category in forms:
        if category not in PLURALS:
            raise ValueError(f"{category!r} is not a plural category (there are: {', '.join(PLURALS)})")
    if "other" not in forms:
        raise ValueError("has no text for 'other'")
    return forms


FieldName = Annotated[PlainName, AfterValidator(_not_the_id)]
GivenWords = Annotated[dict[str, str], BeforeValidator(_by_language), AfterValidator(_languages)]
"""Words for people, by language; a plain text is English."""
PluralForms = Annotated[dict[str, str], AfterValidator(_plural_forms)]
"""Words for a number of things, by plural category of the CLDR; ``other`` has to be there."""


class NestedSettings(BaseModel):
    """A part of the section of a source, in the YAML a mapping of its own."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class StatusSettings(NestedSettings):
    """A word of a type's status."""

    tone: Tone
    """How it is judged; warn and bad are trouble."""
    label: GivenWords = {}
    """What people call it."""


class FieldSettings(NestedSettings):
    """A field as people read it."""

    label: GivenWords = {}
    """What people call it; by default its name, made readable."""
    kind: FieldKind = "auto"
    """How it is written."""
    unit: str = ""
    """What is shown after a number, such as °C."""
    table: bool = True
    """Whether it is a column of the table."""
    additive: bool = False
    """Whether the numbers of several things add up."""


class TypeSettings(NestedSettings):
    """What people call the things of a type, how they are judged, and where they stand on the map."""

    label: GivenWords = {}
    """One of them, such as Station."""
    plural: GivenWords = {}
    """Several of them, such as stations."""
    counts: dict[str, PluralForms] = {}
    """What goes with a number, by language and plural category: {en: {one: station, other: stations}}."""
    icon: str = ""
    """SVG path data, lines in a square of 24."""
    rank: int = 500
    """Their place in lists, the lowest first."""
    statuses: dict[str, StatusSettings] = {}
    """By status, beside the map's own words."""
    fields: dict[FieldName, FieldSettings] = {}
    """In the order in which they are shown."""
    place: Place = "inside"
    """Where they stand: as districts, inside or in orbit of what within refers to, or only in lists."""
    within: tuple[FieldName, ...] = ()
    """References that say inside or in orbit of what they stand; the first that is set."""
    look: str = "mark"
    """How they are drawn."""

    @model_validator(mode="before")
    @classmethod
    def _relations_are_references(cls, value: Json) -> Json:
        if isinstance(value, dict) and "relations" in value:
            raise ValueError("relations are given as references, where items are listed")
        return value

    def declared(self, name: str, home: CollectionKey, relations: Iterable[Relation] = ()) -> Type:
        """Return the type ``name`` with these words."""
        return Type(
            name,
            home,
            label=self.label,
            plural=self.plural,
            counts=self.counts,
            icon=self.icon,
            rank=self.rank,
            statuses={word: Status(one.tone, one.label) for word, one in self.statuses.items()},
            fields=tuple(
                TypeField(field, one.label, one.kind, one.unit, one.table, one.additive)
                for field, one in self.fields.items()
            ),
            relations=tuple(relations),
            place=self.place,
            within=self.within,
            look=self.look,
        )


class LayerSettings(NestedSettings):
    """What people call a layer."""

    title: GivenWords = {}
    """Its name, such as Weather."""
    hint: GivenWords = {}
    """What it shows, in a sentence."""
    icon: str = ""
    """SVG path data, lines in a square of 24."""
