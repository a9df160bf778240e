"""The story of what happened between two moments: a few steps in words, the most important, in order of time.

A step says what happened, and ``at`` and ``until`` when, once `in_time` has dated it; the text names no time, as
only the reader's clock knows how to write one. Example: "3 new agents", "Hazel-15: offline" from 02:10 to 02:44.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from livingmap.core.labels import is_named
from livingmap.core.language import in_a_sentence, label_of, plural_of, readable, text_in
from livingmap.core.model import Json
from livingmap.core.status_words import status_words
from livingmap.core.trouble import Severity, severity_of_status
from livingmap.core.types import Type, Words
from livingmap.core.values import value_at
from livingmap.core.wording import decimal, plural
from livingmap.past.gains import Gain, gains_of
from livingmap.past.happened import Happened, Moved, Stretch
from livingmap.past.occasions import Kind, Occasion

LANGUAGES: Final = ("en", "uk")
"""The languages in which stories are told."""
MOST_STEPS: Final = 12
MOST_IDS: Final = 20
_APART: Final = 3
"""So many things of a type are told of one by one."""

"""What a service calls a thing that has no name; it tells a reader nothing."""

_WEIGHTS: Final[dict[Kind, int]] = {"trouble": 50, "went": 40, "came": 35, "changed": 30, "number": 20}
_CRITICAL: Final = 40
_GOES_ON: Final = 5
_SEVERAL: Final = 10
"""What several things have in common weighs more."""

_NEW: Final[Words] = {"en": "{number} new {noun}", "uk": "Нове: {number} {noun}"}
_GONE: Final[Words] = {"en": "{number} {noun} gone", "uk": "Зникло: {number} {noun}"}
_TROUBLED: Final[Words] = {"en": "{number} {noun} in trouble", "uk": "Негаразди: {number} {noun}"}
_OVERLOADED: Final[Words] = {"en": "overloaded", "uk": "перевантаження"}
_AND_MORE: Final[Words] = {"en": "{names} and {number} more", "uk": "{names} та ще {number}"}
_BEGAN: Final[Words] = {"en": "{number} began", "uk": "почалося: {number}"}
_ENDED: Final[Words] = {"en": "{number} ended", "uk": "скінчилося: {number}"}
_NAMED: Final = 2
"""So many of more than three things are named."""
_TIMES: Final[Mapping[str, Sequence[str]]] = {"en": ("time", "times"), "uk": ("раз", "рази", "разів")}


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a story."""

    at: datetime
    until: datetime | None
    """When it was over; None for what did not last, and what goes on."""
    kind: Kind
    ids: tuple[str, ...]
    layer: str
    severity: Severity | None
    text: str
    weight: int = 0
    occasions: tuple[Occasion, ...] = ()
    """What has to be looked up to date it."""


def story(
    happened: Happened,
    language: str,
    is_counted: Callable[[str, str], bool] = lambda _, __: False,
) -> list[Step]:
    """Return the steps of the story in a language, the most important first; only troubles are dated.

    ``is_counted`` says whether the map counts a field of a layer's items itself.
    """
    teller = _Teller(happened, language, is_counted)
    steps = [*teller.troubles(), *teller.arrivals(), *teller.changes(), *teller.numbers()]
    return sorted(steps, key=lambda one: one.weight, reverse=True)[:MOST_STEPS]


def in_time(steps: Iterable[Step], times: Mapping[Occasion, datetime]) -> list[Step]:
    """Return steps in order of time, dated by ``times``; one of which some is not known keeps the whole span."""
    return sorted((_dated(one, times) for one in steps), key=lambda one: one.at)


def _dated(step: Step, times: Mapping[Occasion, datetime]) -> Step:
    moments = [times[one] for one in step.occasions if one in times]
    if not moments or len(moments) < len(step.occasions):
        return step
    at, until = min(moments), max(moments)
    return replace(step, at=at, until=until if until > at else None)


class _Teller:
    def __init__(
        self,
        happened: Happened,
        language: str,
        is_counted: Callable[[str, str], bool],
    ) -> None:
        self._happened = happened
        self._vocabulary = happened.vocabulary
        self._language = language
        self._is_counted = is_counted

    def troubles(self) -> Iterator[Step]:
        """Tell of troubles, one by one or by type."""
        for one_kind in _grouped(self._happened.stretches, lambda one: (one.type, one.gravest.severity)):
            if len(one_kind) <= _APART:
                yield from map(self._trouble, one_kind)
            else:
                yield self._troubles(one_kind)

    def _trouble(self, one: Stretch) -> Step:
        text = f"{one.label}: {self._what(one)}"
        if one.times > 1:
            text += f", {one.times} {plural(one.times, list(_TIMES[self._language]), self._language)}"
        return self._step([one], "trouble", text, one)

    def _troubles(self, some: Sequence[Stretch]) -> Step:
        whats = {self._what(one) for one in some}
        if len(whats) == 1:
            text = f"{self._counted(len(some), some[0].type)}: {whats.pop()}"
        else:
            text = self._say(_TROUBLED, len(some), some[0].type)
        text += f" ({self._names(some)}){self._turns(some)}"
        goes_on = any(one.ended is None for one in some)
        ended = None if goes_on else max(one.ended for one in some if one.ended is not None)
        whole = replace(some[0], since=min(one.since for one in some), ended=ended)
        return self._step(some, "trouble", text, whole)

    def _names(self, some: Sequence[Stretch]) -> str:
        names = ", ".join(one.label for one in some[:_NAMED])
        number = decimal(len(some) - _NAMED, self._language)
        return text_in(self._language, _AND_MORE, "").format(names=names, number=number)

    def _turns(self, some: Sequence[Stretch]) -> str:
        """Say how many of several troubles began and ended meanwhile, where not all did and not none."""
        counts = (
            (_BEGAN, sum(one.began is not None for one in some)),
            (_ENDED, sum(one.ended is not None for one in some)),
        )
        turns = [
            text_in(self._language, words, "").format(number=decimal(number, self._language))
            for words, number in counts
            if 0 < number < len(some)
        ]
        return f"; {', '.join(turns)}" if turns else ""

    def _what(self, one: Stretch) -> str:
        match one.gravest.kind:
            case "alert" if not self._is_status(one.type, one.gravest.status):
                return one.gravest.status
            case "status" | "alert":
                return status_words(one.gravest.status, one.type, self._vocabulary, self._language)
            case _:
                return text_in(self._language, _OVERLOADED, "")

    def _is_status(self, type_: str, text: str) -> bool:
        """Tell whether a type has words for a text: some services name alerts as they name statuses."""
        declared = self._vocabulary.types.get(type_)
        return declared is not None and text.strip().lower() in declared.statuses

    def arrivals(self) -> Iterator[Step]:
        """Tell of what came and went, by type."""
        for kind, moved, words in (("came", self._happened.came, _NEW), ("went", self._happened.went, _GONE)):
            for some in _grouped(moved, lambda one: one.type):
                text = self._say(words, len(some), some[0].type)
                if len(some) <= _APART and all(is_named(one.id, one.label) for one in some):
                    text += f" ({', '.join(one.label for one in some)})"
                yield self._step(some, "came" if kind == "came" else "went", text)

    def changes(self) -> Iterator[Step]:
        """Tell of statuses that a type declares and that are no trouble, by type and status."""
        changed = [(one, status) for one in self._happened.changed if (status := self._new_status(one))]
        for some in _grouped(changed, lambda pair: (pair[0].type, pair[1])):
            things, status = [one for one, _ in some], some[0][1]
            words = status_words(status, things[0].type, self._vocabulary, self._language)
            subject = things[0].label if len(things) == 1 else self._counted(len(things), things[0].type)
            yield self._step(things, "changed", f"{subject}: {words}", field=self._status_of(things[0].type))

    def _status_of(self, type_: str) -> str:
        return self._vocabulary.types[type_].status

    def _new_status(self, one: Moved) -> str | None:
        declared = self._vocabulary.types.get(one.type)
        if declared is None:
            return None
        status = value_at(one.change["set"], declared.status)
        if not isinstance(status, str) or status.strip().lower() not in declared.statuses:
            return None
        return None if severity_of_status(self._vocabulary, one.type, status) else status

    def numbers(self) -> Iterator[Step]:
        """Tell of amounts, and of the number by which things of a type are large."""
        every = [
            gain for one in self._happened.changed for gain in gains_of(one, self._vocabulary, self._is_counted)
        ]
        for some in _grouped(every, lambda gain: gain.thing.type):
            largest = sorted(some, key=lambda gain: gain.share, reverse=True)[:_APART]
            for gain in largest:
                yield self._step([gain.thing], "number", self._gain_text(gain), field=gain.field.name)

    def _gain_text(self, gain: Gain) -> str:
        name = in_a_sentence(label_of(gain.field.name, gain.field.label, self._language))
        number = decimal(f"{abs(gain.delta):f}", self._language)
        unit = gain.unit or gain.field.unit
        return f"{gain.thing.label}: {name} {'+' if gain.delta > 0 else '-'}{number}{f' {unit}' if unit else ''}"

    # the words of types

    def _say(self, words: Words, number: int, type_: str) -> str:
        noun = self._noun(number, type_)
        return text_in(self._language, words, "").format(number=decimal(number, self._language), noun=noun)

    def _counted(self, number: int, type_: str) -> str:
        return f"{decimal(number, self._language)} {self._noun(number, type_)}"

    def _noun(self, number: int, type_: str) -> str:
        one = self._vocabulary.types.get(type_, Type(type_, ("", "")))
        counts = one.counts.get(self._language)
        if counts:
            names = ("one", "few", "many") if self._language == "uk" else ("one", "other")
            return plural(number, [counts.get(name, counts["other"]) for name in names], self._language)
        label = in_a_sentence(label_of(type_, one.label, self._language))
        many = text_in(self._language, one.plural, "") or plural_of(text_in("en", one.label, readable(type_)))
        return plural(number, [label, many], self._language)

    def _step(
        self,
        things: Sequence[Moved | Stretch],
        kind: Kind,
        text: str,
        stretch: Stretch | None = None,
        field: str = "",
    ) -> Step:
        ids = tuple(one.id for one in things)
        weight = _WEIGHTS[kind] + (_SEVERAL if len(ids) > 1 else 0)
        if stretch is not None:
            severity = stretch.gravest.severity
            weight += (_CRITICAL if severity == "critical" else 0) + (0 if stretch.ended else _GOES_ON)
            since, until = stretch.since, stretch.ended
            return Step(since, until, kind, ids[:MOST_IDS], stretch.layer, severity, text, weight)
        occasions = tuple(Occasion(one.id, one.layer, kind, field.partition(".")[0]) for one in things)
        span = self._happened.start, self._happened.end
        return Step(*span, kind, ids[:MOST_IDS], things[0].layer, None, text, weight, occasions)


def _grouped(things: Iterable[Json], key: Callable[[Json], object]) -> list[list[Json]]:
    groups: dict[object, list[Json]] = {}
    for one in things:
        groups.setdefault(key(one), []).append(one)
    return list(groups.values())
