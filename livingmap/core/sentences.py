"""Sentences: events in words. Plugins declare templates; clients fill them with what they know of the map.

Templates go to clients as a table, so that a message of the stream is the same in every language. Example: with
``"dao.event.treasury_updated": {"en": "{slug:dao} received {delta:gain} {token_symbol}"}`` and the payload
``{"slug": "oak", "delta": "12.50", "token_symbol": "RIPPLE"}``, a client that has ``dao:oak`` on its map as Oak
Trust shows "Oak Trust received 12.5 RIPPLE". The twin of ``frontend/src/features/livingMap/domain/sentences.ts``.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from livingmap.core.labels import is_named, label_in, short_id
from livingmap.core.model import Fields, Json
from livingmap.core.route import exactness, invalid_reason, matches
from livingmap.core.templates import Hole, Sentences, Templates, invalid_template, parsed
from livingmap.core.wording import decimal, plural

SUBJECT: Final = "subject"
"""The field that stands for the first thing which an event changed."""


@dataclass(frozen=True, slots=True)
class Happening:
    """An event as a client has it, with how it finds the items that it knows."""

    payload: Fields
    changes: Sequence[Mapping[str, Any]]
    find: Callable[[str], Fields | None]
    language: str

    def value(self, path: str) -> Json:
        """Return the value at a dotted path of the payload."""
        value: Json = dict(self.payload)
        for name in path.split("."):
            value = value.get(name) if isinstance(value, dict) else None
        return value

    def name(self, entity_id: str) -> str:
        """Return what an entity is called; for one that the client lacks, the short form of its id."""
        return label_in(entity_id, self.find(entity_id) or {})

    def subject(self) -> str | None:
        """Return the name of the first thing that the event changed."""
        ids = (one["id"] for one in self.changes if "id" in one)
        return next((self.name(one) for one in ids), None)

    def entity(self, value: Json, type_: str) -> str | None:
        """Return the name of the entity of a type whose id ``value`` is, by itself or as its service says it."""
        if not isinstance(value, str | int) or isinstance(value, bool) or value == "":
            return None
        text = str(value)
        if ":" in text and not text.startswith(f"{type_}:"):
            return None
        entity_id = text if ":" in text else f"{type_}:{text}"
        if self.find(entity_id) is None:
            entity_id = next(self._related(type_), entity_id)
        name = self.name(entity_id)
        return name if is_named(entity_id, name) else None

    def _related(self, type_: str) -> Iterator[str]:
        """Yield the entities of a type that the event changed, or that those belong to."""
        ids = [one["id"] for one in self.changes if "id" in one]
        for field, value in self.payload.items():
            if field.endswith("_id") and isinstance(value, str):
                ids.append(value if ":" in value else f"{field[:-3]}:{value}")
        yield from (one for one in ids if one.startswith(f"{type_}:") and self.find(one) is not None)
        for item in filter(None, map(self.find, ids)):
            owner = item.get(f"{type_}_id")
            if isinstance(owner, str):
                yield owner


def sentence(templates: Mapping[str, Templates], happening: Happening) -> str | None:
    """Return the first template that can be filled; None if none can."""
    given = templates.get(happening.language) or templates.get("en", ())
    for template in [given] if isinstance(given, str) else given:
        filled = _filled(template, happening)
        if filled is not None:
            return filled
    return None


def find_templates(
    table: Iterable[tuple[str, Mapping[str, Templates]]], event_type: str
) -> Mapping[str, Templates]:
    """Return the templates of the first pattern of a table, the most exact first, that an event's type matches."""
    return next((one for pattern, one in table if matches(pattern, event_type)), {})


def table(declared: Iterable[Sentences]) -> list[tuple[str, Mapping[str, Templates]]]:
    """Return all templates by pattern, the most exact first; of two for one pattern the first declared counts."""
    merged: dict[str, Mapping[str, Templates]] = {}
    for sentences in declared:
        for pattern, templates in sentences.items():
            merged.setdefault(pattern, templates)
    return sorted(merged.items(), key=lambda entry: exactness(entry[0]))


def in_words(event_type: str, happening: Happening) -> str:
    """Return what is shown of an event that no template fits: its type, and what it is about."""
    words = event_type.replace(".", " ").replace("_", " ")
    names = (happening.subject(), *(happening.payload.get(name) for name in ("name", "slug", "source")))
    about = next((name for name in names if isinstance(name, str) and name), None)
    return f"{about}: {words}" if about else words


def invalid_sentences(sentences: object) -> list[str]:
    """Return what is wrong with the sentences of a plugin."""
    if not isinstance(sentences, Mapping):
        return ["its sentences are not a mapping from subject to texts by language"]
    return [
        f"sentence {pattern!r} {fault}"
        for pattern, texts in sentences.items()
        for fault in _faults(pattern, texts)
    ]


def _faults(pattern: object, texts: object) -> Iterable[str]:
    if not isinstance(pattern, str) or not isinstance(texts, Mapping):
        yield "is not given as texts by language"
        return
    if fault := invalid_reason(pattern):
        yield fault
    if "en" not in texts:
        yield "has no text in English (en)"
    for language, given in texts.items():
        templates = [given] if isinstance(given, str) else given
        if (
            not isinstance(templates, Sequence)
            or not all(isinstance(one, str) for one in templates)
            or not templates
        ):
            yield f"has no text in {language}"
            continue
        for template in templates:
            if fault := invalid_template(template):
                yield f"in {language}: {fault}: {template!r}"


def _filled(template: str, happening: Happening) -> str | None:
    texts: list[str] = []
    for part in parsed(template):
        text = part if isinstance(part, str) else _text(part, happening)
        if text is None:
            return None
        texts.append(text)
    return "".join(texts)


def _text(hole: Hole, happening: Happening) -> str | None:
    if hole.field == SUBJECT:
        return happening.subject()
    value, language = happening.value(hole.field), happening.language
    match hole.kind:
        case "":
            return _plain(value, language)
        case "count":
            return _count(value, hole.rest, language)
        case "percent":
            return _percent(value)
        case "amount":
            return decimal(value, language)
        case "gain" | "loss":
            return _moved(value, hole.kind, language)
        case "word":
            return _word(value, hole.rest)
        case "keys":
            return _keys(value, hole.rest)
        case "short":
            return _short(value)
        case type_:
            return happening.entity(value, type_)


def _plain(value: Json, language: str) -> str | None:
    if isinstance(value, list):
        texts = [_plain(one, language) for one in value]
        return ", ".join(text for text in texts if text) or None
    if isinstance(value, str):
        return value or None
    return decimal(value, language)


def _count(value: Json, forms: Sequence[str], language: str) -> str | None:
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return f"{decimal(value, language)} {plural(value, list(forms), language)}"


def _percent(value: Json) -> str | None:
    if not isinstance(value, int | float) or isinstance(value, bool) or value < 0:
        return None
    return f"{int((value if value > 1 else value * 100) + 0.5)}%"


def _moved(value: Json, kind: str, language: str) -> str | None:
    number = decimal(value, language)
    if number is None or number == "0" or number.startswith("-") != (kind == "loss"):
        return None
    return number.removeprefix("-")


def _word(value: Json, words: Sequence[str]) -> str | None:
    text = str(value).lower() if isinstance(value, bool) else value
    pairs = (word.partition("=") for word in words)
    return next((given for name, equals, given in pairs if equals and name == text), None)


def _keys(value: Json, words: Sequence[str]) -> str | None:
    """Return names of fields in words; one that has none is made readable."""
    names = [value] if isinstance(value, str) else value if isinstance(value, list | dict) else ()
    texts = [_word(one, words) or one.replace("_", " ") for one in names if isinstance(one, str)]
    return ", ".join(filter(None, texts)) or None


def _short(value: Json) -> str | None:
    if not isinstance(value, str) or not value:
        return None
    return short_id(value)
