"""The endpoint of the types: what there may be on the map, in the words of the reader's language."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict

from livingmap.access.view import Rights
from livingmap.api.dependencies import REFUSALS, AuthDependencies
from livingmap.api.prepared import Prepared, accepted_encoding
from livingmap.api.problems import documented
from livingmap.core.bounded import LRU
from livingmap.core.language import in_a_sentence, label_of, plural_of, preferred, readable, text_in
from livingmap.core.model import CollectionKey
from livingmap.core.types import FieldKind, Place, Relation, Tone, Type
from livingmap.core.vocabulary import LayerWords, Vocabulary
from livingmap.state.reader import MapReader

PATH: Final = "/living-map/types"
_MOST_ANSWERS: Final = 64
_DOCUMENTED: Final = ConfigDict(use_attribute_docstrings=True)


class StatusWords(BaseModel):
    """How one status of a type is judged, and what it is called."""

    tone: Tone
    label: str


class FieldWords(BaseModel):
    """A field of an item as people read it."""

    model_config = _DOCUMENTED

    name: str
    """Its name, or a path to a value within it: ``metrics.cpu``."""
    label: str
    kind: FieldKind
    unit: str
    table: bool
    """Whether it is a column of a table."""
    additive: bool
    """Whether the numbers of several things add up, as in totals."""


class RelationWords(BaseModel):
    """A field that holds the id of another thing, or a list of ids."""

    model_config = _DOCUMENTED

    field: str
    label: str
    """What the other thing is to this one."""
    referrers: str
    """What things of this type are called from the other side."""
    arcs: bool
    """Whether it is drawn when one of the two is selected."""
    orbit: bool
    """Whether the other thing circles this one."""


class Collection(BaseModel):
    """A collection of a layer."""

    layer: str
    collection: str


class TypeWords(BaseModel):
    """A type of entity: what it is called, how it is judged, and where it stands."""

    model_config = _DOCUMENTED

    name: str
    """The part of an id before its colon."""
    declared: bool
    """Whether a source declares it; of any other type all is guessed."""
    label: str
    plural: str
    counts: dict[str, str]
    """By plural category (CLDR), the word that goes with a number."""
    icon: str
    """SVG path data, lines in a square of 24; may be empty."""
    rank: int
    """Its place in lists, the lowest first."""
    home: Collection
    """The collection that lists its entities."""
    collections: list[Collection]
    """All collections in which its entities stand, its home first."""
    status: str
    """The field that says how it is; where an item lacks it, ``status`` does."""
    statuses: dict[str, StatusWords]
    """Beside the map's own words, such as ``online``."""
    trouble: list[str]
    """The statuses that mean something is wrong."""
    fields: list[FieldWords]
    """In the order in which they are shown; an item may have others."""
    relations: list[RelationWords]
    place: Place
    """Where it stands: as a district, inside or in orbit of what ``within`` refers to, or only in lists."""
    within: list[str]
    """Relations, of which the first that is set says inside or in orbit of what it stands."""
    look: str
    size: str
    """A number that makes it larger on the map."""
    glow: list[str]
    """Numbers that make it shine."""
    group: str
    """A field: things of equal value belong together."""
    highlight: str
    """A field that is true of those that stand out."""
    sources: list[str]
    """The sources that declare it, or that list its entities."""


class LayerDescription(BaseModel):
    """What people call a layer."""

    model_config = _DOCUMENTED

    name: str
    title: str
    hint: str
    icon: str
    """By default that of the first type that is at home there."""
    standing: bool
    """Whether every snapshot has it."""


class TypeTable(BaseModel):
    """What there may be on the map, for a caller's rights, by rank."""

    types: list[TypeWords]
    layers: list[LayerDescription]


def routes(reader: MapReader, auth: AuthDependencies) -> APIRouter:
    """Return the endpoint."""
    router = APIRouter(tags=["map"])
    answers: LRU[object, tuple[Vocabulary, Prepared]] = LRU(_MOST_ANSWERS)

    @router.get(
        PATH,
        summary="Types",
        response_model=TypeTable,
        responses={304: {"description": "The client has the current types"}, **documented(*REFUSALS)},
    )
    async def types(request: Request, rights: Annotated[Rights, Depends(auth.items)]) -> Response:
        """Return the types and layers that the caller may see, in the language of ``Accept-Language``."""
        vocabulary = reader.scene.vocabulary
        language = preferred(request.headers.get("accept-language", ""), vocabulary.languages)
        layers, places = reader.layers(rights), reader.types(rights)
        key = language, tuple(layers), tuple((name, tuple(some)) for name, some in places.items())
        kept = answers.get(key)
        if kept is None or kept[0] is not vocabulary:
            body = type_table(vocabulary, layers, places, language).model_dump_json().encode()
            kept = vocabulary, Prepared(body, "application/json", "private, no-cache")
            answers.put(key, kept)
        headers = {"content-language": language, "vary": "Accept-Encoding, Accept-Language"}
        encoding = accepted_encoding(request.headers.get("accept-encoding", ""))
        return await kept[1].answer(request, encoding, headers)

    return router


def type_table(
    vocabulary: Vocabulary, layers: Iterable[str], places: Mapping[str, Sequence[CollectionKey]], language: str
) -> TypeTable:
    """Return types, each with the collections in which it stands, and layers, in a language."""
    types = [_type(vocabulary, vocabulary.type(name, some), some, language) for name, some in places.items()]
    return TypeTable(types=types, layers=[_layer(vocabulary, name, language) for name in layers])


def _layer(vocabulary: Vocabulary, name: str, language: str) -> LayerDescription:
    words = vocabulary.layers.get(name, LayerWords())
    icons = (one.icon for one in vocabulary.types.values() if one.home[0] == name and one.icon)
    return LayerDescription(
        name=name,
        title=label_of(name, words.title, language),
        hint=text_in(language, words.hint, ""),
        icon=words.icon or next(icons, ""),
        standing=name in vocabulary.standing,
    )


def _type(vocabulary: Vocabulary, one: Type, places: Sequence[CollectionKey], language: str) -> TypeWords:
    label = label_of(one.name, one.label, language)
    plural = text_in(language, one.plural, "") or plural_of(text_in("en", one.label, readable(one.name)))
    collections = [Collection(layer=layer, collection=collection) for layer, collection in places]
    return TypeWords(
        name=one.name,
        declared=one.name in vocabulary.types,
        label=label,
        plural=plural,
        counts=dict(text_in(language, one.counts, {"one": in_a_sentence(label), "other": plural})),
        icon=one.icon,
        rank=one.rank,
        home=collections[0],
        collections=collections,
        status=one.status,
        statuses={
            name: StatusWords(tone=status.tone, label=text_in(language, status.label, readable(name)))
            for name, status in one.statuses.items()
        },
        trouble=vocabulary.trouble(one.name),
        fields=[
            FieldWords(
                name=field.name,
                label=label_of(field.name, field.label, language),
                kind=field.kind,
                unit=field.unit,
                table=field.table,
                additive=field.additive,
            )
            for field in one.fields
        ],
        relations=[_relation(relation, plural, language) for relation in one.relations],
        place=one.place,
        within=list(one.within),
        look=one.look,
        size=one.size,
        glow=list(one.glow),
        group=one.group,
        highlight=one.highlight,
        sources=vocabulary.sources_of(one.name, places),
    )


def _relation(relation: Relation, plural: str, language: str) -> RelationWords:
    return RelationWords(
        field=relation.field,
        label=text_in(language, relation.label, readable(relation.field)),
        referrers=text_in(language, relation.referrers, plural),
        arcs=relation.arcs,
        orbit=relation.orbit,
    )
