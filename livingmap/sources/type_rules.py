"""Rules for what plugins declare of types and layers; a fault says of which, what is wrong and what would do."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, get_args

from livingmap.core.model import CollectionKey
from livingmap.core.source import Layer, Source
from livingmap.core.types import PLURALS, FieldKind, Place, Relation, Status, Tone, Type, TypeField

_NAME: Final = re.compile(r"[a-z][a-z0-9_]*")
_TEXTS: Final = ("icon", "status", "look", "size", "group", "highlight")
_PLACE: Final = 2
_MEMBERS: Final = (("fields", TypeField, "name"), ("relations", Relation, "field"))


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def invalid_types(source: Source) -> list[str]:
    """Return what is wrong with the types and the words of a plugin's description."""
    types: object = source.types
    if not isinstance(types, tuple) or not all(isinstance(one, Type) for one in types):
        return ["its types are not a tuple of Type: write (Type(…),), with the comma"]
    faults = [f"layer {one.name!r} {fault}" for one in source.layers for fault in _layer_faults(one)]
    places = {(one.name, one.collection) for one in source.layers}
    faults += [f"type {one.name!r} {fault}" for one in types for fault in _shape_faults(one)]
    if faults:
        return faults
    faults += [f"type {one.name!r} {fault}" for one in types for fault in _type_faults(one, places)]
    names = Counter(one.name for one in source.types)
    return faults + [f"type {name!r} is declared twice" for name, n in names.items() if n > 1]


def _layer_faults(layer: Layer) -> Iterator[str]:
    yield from _words_faults("title", layer.title)
    yield from _words_faults("hint", layer.hint)
    if layer.standing is not None and not isinstance(layer.standing, Mapping):
        yield f"has standing={layer.standing!r}; give a mapping with its totals, such as {{}}"


def _shape_faults(one: Type) -> Iterator[str]:
    """Yield what is not even of the right kind, so that nothing else can be looked at."""
    name: object = one.name
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        yield "has a name that no id can begin with; write it like 'target'"
    values = {what: getattr(one, what) for what in _TEXTS}
    yield from (
        f"has {what}={value!r}, not a text" for what, value in values.items() if not isinstance(value, str)
    )
    if not isinstance(one.rank, int):
        yield f"has rank={one.rank!r}, not a whole number"
    for what in ("glow", "within"):
        value: object = getattr(one, what)
        if not isinstance(value, tuple) or not all(map(_is_text, value)):
            yield f"has {what}={value!r}, not a tuple of fields: write (…,), with the comma"
    elsewhere: object = one.elsewhere
    for place in (one.home, *(elsewhere if isinstance(elsewhere, tuple) else [elsewhere])):
        if not isinstance(place, tuple) or len(place) != _PLACE or not all(map(_is_text, place)):
            yield f"has the place {place!r}, not a layer and a collection like ('monitoring', 'targets')"
    for what, kind, key in _MEMBERS:
        members: object = getattr(one, what)
        if not isinstance(members, tuple) or not all(isinstance(member, kind) for member in members):
            yield f"has {what} that are not a tuple of {kind.__name__}"
        elif not all(_is_text(getattr(member, key)) for member in members):
            yield f"has a {kind.__name__} whose {key} is not a text"


def _type_faults(one: Type, places: Iterable[CollectionKey]) -> Iterator[str]:
    if one.home not in places:
        layers = ", ".join(repr(place) for place in sorted(places))
        yield f"is at home in {one.home!r}, not one of the plugin's layers: {layers or 'it has none'}"
    yield from _words_faults("label", one.label)
    yield from _words_faults("plural", one.plural)
    yield from _counts_faults(one.counts)
    yield from _one_of("place", one.place, Place)
    yield from _status_faults(one.statuses)
    yield from _field_faults(one.fields)
    yield from _relation_faults(one)


def _counts_faults(counts: object) -> Iterator[str]:
    if not isinstance(counts, Mapping) or not all(isinstance(forms, Mapping) for forms in counts.values()):
        yield "has counts that are not like {'en': {'one': 'target', 'other': 'targets'}}"
        return
    yield from _words_faults("counts", counts, bool)
    for language, forms in counts.items():
        if "other" not in forms:
            yield f"has counts in {language!r} without 'other'"
        for category in forms:
            if category not in PLURALS:
                yield (
                    f"has counts in {language!r} for {category!r}, not a plural category "
                    f"(there are: {', '.join(PLURALS)})"
                )


def _status_faults(statuses: object) -> Iterator[str]:
    if not isinstance(statuses, Mapping) or not all(isinstance(one, Status) for one in statuses.values()):
        yield "has statuses that are not a mapping from status to Status"
        return
    for name, status in statuses.items():
        yield from (f"has a status {name!r} that {fault}" for fault in _one_of("tone", status.tone, Tone, "says"))
        yield from _words_faults(f"label of the status {name!r}", status.label)


def _field_faults(fields: Iterable[TypeField]) -> Iterator[str]:
    for one in fields:
        for fault in _one_of("kind", one.kind, FieldKind, "says"):
            yield f"has a field {one.name!r} that {fault}"
        yield from _words_faults(f"label of the field {one.name!r}", one.label)
    yield from _twice("field", (one.name for one in fields))


def _relation_faults(one: Type) -> Iterator[str]:
    names = [relation.field for relation in one.relations]
    for relation in one.relations:
        yield from _words_faults(f"label of the relation {relation.field!r}", relation.label)
        yield from _words_faults(f"referrers of the relation {relation.field!r}", relation.referrers)
    yield from _twice("relation", names)
    for name in one.within:
        if name not in names:
            yield f"stands within {name!r}, not one of its relations: {', '.join(names) or 'it has none'}"


def _twice(what: str, names: Iterable[str]) -> Iterator[str]:
    yield from (f"has the {what} {name!r} twice" for name, n in Counter(names).items() if n > 1)


def _one_of(what: str, value: object, choices: Any, verb: str = "has") -> Iterator[str]:
    if value not in get_args(choices):
        yield f"{verb} {what} {value!r}; there are {', '.join(get_args(choices))}"


def _words_faults(
    what: str,
    words: object,
    is_text: Callable[[object], bool] = _is_text,
) -> Iterator[str]:
    if not isinstance(words, Mapping) or not all(is_text(text) for text in words.values()):
        yield f"has a {what} that is not text by language, such as {{'en': 'Target', 'uk': 'Ціль'}}"
    elif words and "en" not in words:
        yield f"has a {what} without English (en)"
