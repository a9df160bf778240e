"""Changes in words: what happened to things, field by field, from what to what, as the types of a map call it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Self

from livingmap.client.errors import MapError
from livingmap.client.http import MapClient
from livingmap.client.values import called, text_of
from livingmap.core.labels import label_in
from livingmap.core.language import readable
from livingmap.core.model import Fields, Json
from livingmap.core.units import rfc3339
from livingmap.core.values import is_number
from livingmap.core.vocabulary import type_of
from livingmap.core.wording import plural, status_word

_NOTHING: Final = "—"
_MOST_FIELDS: Final = 12
_NEAR: Final = timedelta(minutes=2)
_WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {"came": "new on the map", "went": "no longer on the map", "status": "status"},
    "uk": {"came": "тепер є на мапі", "went": "більше немає на мапі", "status": "статус"},
}
_MORE: Final[Mapping[str, tuple[str, list[str]]]] = {
    "en": ("and {} more", ["change", "changes"]),
    "uk": ("та ще {}", ["зміна", "зміни", "змін"]),
}


@dataclass(frozen=True, slots=True)
class _Field:
    """How a field changed."""

    name: str
    """The last part of its path."""
    word: str
    change: str
    rank: int
    """How much it matters: 0 most."""
    is_declared: bool

    @property
    def text(self) -> str:
        """What is shown of it."""
        return f"{self.word}: {self.change}"


@dataclass(slots=True)
class _Thing:
    """What happened to one thing, in whatever layers it stands."""

    what: str = ""
    fields: list[_Field] = field(default_factory=list)

    @property
    def rank(self) -> int:
        """How much it matters: 0 most."""
        return 0 if self.what else min(one.rank for one in self.fields)

    def texts(self) -> list[str]:
        """Return what is shown of its fields, what matters first; of two ``cpu`` the one that is declared."""
        declared = {name for one in self.fields if one.is_declared for name in (one.name, one.word.lower())}
        shown = [one for one in self.fields if one.is_declared or one.word.lower() not in declared]
        return list(dict.fromkeys(one.text for one in sorted(shown, key=lambda one: one.rank)))


class ChangeTexts:
    """The changes of a map in words of one language, by what `MapClient.types` says of its types."""

    def __init__(self, types: Mapping[str, Any], language: str = "en") -> None:
        self._language = language if language in _WORDS else "en"
        self._types: dict[str, Mapping[str, Any]] = {one["name"]: one for one in types.get("types", ())}

    @classmethod
    async def of(cls, client: MapClient, language: str = "en") -> Self:
        """Return those of the map that ``client`` asks; with plain names if it does not say what it has."""
        try:
            return cls(await client.types(language), language)
        except MapError:
            return cls({}, language)

    def lines(self, changes: Sequence[Mapping[str, Any]], span: tuple[str, str] | None = None) -> list[str]:
        """Return changes of an entry of the history, a line for each thing: ``agent:sofia  status: idle → busy``.

        What came, went or changed its status comes first, and what only has other numbers last. Times within the
        ``span`` in which it happened are left out, and so are differences too small to be seen.
        """
        things: dict[str, _Thing] = {}
        for change in changes:
            thing = things.setdefault(_subject(change), _Thing())
            thing.what = "came" if change["came"] else "went" if change["went"] else thing.what
            thing.fields += self._fields(change, span)
        shown = [(name, one) for name, one in things.items() if one.what or one.fields]
        return [self._line(name, one) for name, one in sorted(shown, key=lambda entry: entry[1].rank)]

    def _line(self, name: str, thing: _Thing) -> str:
        texts = thing.texts()
        cut = [*texts[:_MOST_FIELDS], *["…"] * (len(texts) > _MOST_FIELDS)]
        what = _WORDS[self._language].get(thing.what, "")
        return f"{name}  {': '.join(filter(None, (what, '; '.join(cut))))}"

    def more(self, number: int) -> str:
        """Return how many changes are not shown: ``and 3 more changes``."""
        text, forms = _MORE[self._language]
        return f"{text.format(number)} {plural(number, forms, self._language)}"

    def _fields(self, change: Mapping[str, Any], span: tuple[str, str] | None) -> Iterator[_Field]:
        """Yield how fields changed, as far as that is to be seen."""
        kind = self._types.get(type_of(change["id"] or ""), {})
        for one in change["fields"]:
            for path, before, after in _parts(one["name"], one["from"], one["to"]):
                if not _is_within(after, span) and (text := self._text(kind, path, change, before, after)):
                    rank = 0 if path in ("status", kind.get("status")) else 2 if is_number(after) else 1
                    label, name = _label(kind, path), path.rpartition(".")[2]
                    word = label or (_WORDS[self._language]["status"] if path == "status" else path)
                    yield _Field(name, word, text, rank, is_declared=bool(label))

    def _text(
        self, kind: Mapping[str, Any], name: str, change: Mapping[str, Any], before: Json, after: Json
    ) -> str | None:
        """Return how a value changed; None if that cannot be seen."""
        if isinstance(before, list) and isinstance(after, list):
            texts = [[self._value(kind, name, one) for one in value] for value in (before, after)]
            return _moved(*texts) or self._altered(
                dict(zip(texts[0], before, strict=True)), zip(texts[1], after, strict=True)
            )
        old, new = (self._value(kind, name, value) for value in (before, after))
        if old == new:
            return None
        return new if change["came"] else old if change["went"] else f"{old} → {new}"

    def _altered(self, before: Mapping[str, Json], after: Iterable[tuple[str, Json]]) -> str:
        """Return what became different within the things of a list, such as the load that an alert names."""
        texts = []
        for name, thing in after:
            for path, *values in _parts("", before.get(name), thing) if isinstance(thing, dict) else ():
                old, new = (_NOTHING if one is None else text_of(one, self._language) for one in values)
                texts += [f"{name}: {path.removeprefix('.')} {old} → {new}"] * (old != new)
        return ", ".join(texts[:_MOST_FIELDS])

    def _value(self, kind: Mapping[str, Any], name: str, value: Json) -> str:
        if value is None:
            return _NOTHING
        if isinstance(value, dict):
            value = called(value)
        if isinstance(value, str) and (is_status := name in ("status", kind.get("status"))) | (
            value in kind.get("statuses", {})
        ):
            label: str = kind.get("statuses", {}).get(value, {}).get("label", "")
            is_own = label and (self._language == "en" or label != readable(value))
            return label if is_own else status_word(value, self._language) if is_status else value
        declared = next((one for one in kind.get("fields", ()) if one["name"] == name), None) or {}
        return text_of(value, self._language, declared.get("kind", "auto"), declared.get("unit", ""))


def listed(change: Fields, names: Mapping[str, str]) -> dict[str, Json]:
    """Return a change of a difference, ``set``, ``unset`` and ``was``, as an entry of the history lists it.

    ``names`` are those of things by id.
    """
    was, after, went = change.get("was", {}), change.get("set", {}), change["op"] == "drop"
    came = change.get("came", False)
    fields = () if came or went else (*after, *change["unset"])
    entity_id = change.get("id")
    return {
        "op": change["op"],
        "layer": change["layer"],
        "collection": change.get("collection"),
        "id": entity_id,
        "label": names.get(entity_id, label_in(entity_id, {**was, **after})) if entity_id else None,
        "came": came,
        "went": went,
        "fields": [{"name": name, "from": was.get(name), "to": after.get(name)} for name in fields],
    }


def _subject(change: Mapping[str, Any]) -> str:
    entity_id, label = change["id"], change["label"]
    if entity_id is None:
        return str(change["layer"])
    return f"{entity_id} “{label}”" if label and label != entity_id.partition(":")[2] else str(entity_id)


def _label(kind: Mapping[str, Any], path: str) -> str:
    """Return what the type of a thing calls a field; empty if it does not declare it."""
    labels = {one["name"]: one["label"] for one in kind.get("fields", ())}
    labels |= {one["field"]: one["label"] for one in kind.get("relations", ())}
    return str(labels.get(path) or "")


def _parts(name: str, before: Json, after: Json) -> Iterator[tuple[str, Json, Json]]:
    """Yield the values within a field that differ, each by the path to it."""
    if not all(isinstance(value, dict) or value is None for value in (before, after)) or not (before or after):
        yield name, before, after
        return
    before, after = before or {}, after or {}
    for key in dict.fromkeys((*before, *after)):
        if before.get(key) != after.get(key):
            yield from _parts(f"{name}.{key}", before.get(key), after.get(key))


def _moved(before: Sequence[str], after: Sequence[str]) -> str:
    """Return what came into a list and what went from it."""
    texts = [f"+{one}" for one in after if one not in before] + [f"-{one}" for one in before if one not in after]
    return ", ".join(texts[:_MOST_FIELDS])


def _is_within(value: Json, span: tuple[str, str] | None) -> bool:
    """Tell whether a value is a time of the span in which it came, as ``last_active_at`` is."""
    if span is None or not isinstance(value, str) or (moment := rfc3339(value)) is None:
        return False
    first, time, last = map(datetime.fromisoformat, (span[0], moment, span[1]))
    return first - _NEAR < time < last + _NEAR
