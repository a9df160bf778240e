"""Routes: which handlers get an event, by its subject (NATS subject-based messaging: ``*`` and ``>``)."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from livingmap.core.source import Handler, Source


def matches(pattern: str, subject: str) -> bool:
    """Tell whether a NATS subject pattern covers ``subject``: ``*`` is exactly one token, ``>`` one or more."""
    wanted, given = pattern.split("."), subject.split(".")
    if wanted[-1] == ">":
        wanted = wanted[:-1]
        return len(given) > len(wanted) and _tokens_match(wanted, given)
    return len(wanted) == len(given) and _tokens_match(wanted, given)


def _tokens_match(wanted: Sequence[str], given: Sequence[str]) -> bool:
    return all(word in ("*", other) for word, other in zip(wanted, given, strict=False))


def invalid_reason(pattern: str) -> str | None:
    """Return why ``pattern`` is not a valid subject pattern; None if it is valid."""
    tokens = pattern.split(".")
    if not all(tokens):
        return "has an empty token"
    if any(word != ">" and ">" in word for word in tokens) or ">" in tokens[:-1]:
        return "may have '>' only as its last token"
    if any(word != "*" and "*" in word for word in tokens):
        return "may have '*' only as a whole token"
    if any(char.isspace() for char in pattern):
        return "has white space"
    return None


def exactness(pattern: str) -> tuple[int, ...]:
    """Return a key that sorts patterns from the most exact to the loosest: word before ``*`` before ``>``."""
    return tuple({"*": 1, ">": 2}.get(word, 0) for word in pattern.split("."))


def covering(patterns: Iterable[str]) -> list[str]:
    """Return the fewest of ``patterns`` that cover them all: no one of them covers another.

    Patterns that merely overlap (``a.*`` and ``*.b``) both stay; the subscriber has to tell them apart.
    """
    distinct = sorted(set(patterns))
    return [one for one in distinct if not any(other != one and covers(other, one) for other in distinct)]


def disjoint(patterns: Iterable[str]) -> list[str]:
    """Return patterns that cover all of ``patterns`` and of which no two overlap; they may match more."""
    result: list[str] = []
    for pattern in sorted(set(patterns)):
        wide = pattern
        while overlapping := next((other for other in result if overlap(other, wide)), None):
            result.remove(overlapping)
            wide = _common(overlapping, wide)
        result.append(wide)
    return sorted(result)


def _common(one: str, other: str) -> str:
    """Return the most exact pattern that covers both of two that overlap."""
    tokens: list[str] = []
    for left, right in zip(one.split("."), other.split("."), strict=False):
        if ">" in (left, right):
            return ".".join([*tokens, ">"])
        tokens.append(left if left == right else "*")
    return ".".join(tokens)


def overlap(one: str, other: str) -> bool:
    """Tell whether there is a subject that both patterns match."""
    for left, right in zip(ours := one.split("."), theirs := other.split("."), strict=False):
        if ">" in (left, right):
            return True
        if left != right and "*" not in (left, right):
            return False
    return len(ours) == len(theirs)


def covers(wide: str, narrow: str) -> bool:
    """Tell whether the pattern ``wide`` matches every subject that ``narrow`` does."""
    wide_tokens, narrow_tokens = wide.split("."), narrow.split(".")
    for index, word in enumerate(wide_tokens):
        if word == ">":
            return len(narrow_tokens) > index
        if index >= len(narrow_tokens) or narrow_tokens[index] == ">":
            return False
        if word not in ("*", narrow_tokens[index]):
            return False
    return len(wide_tokens) == len(narrow_tokens)


class Route(NamedTuple):
    """A handler with its source and the subject pattern under which that declares it."""

    source: str
    pattern: str
    handler: Handler


class Routes:
    """The handlers of ``sources`` by subject. Of one source, only the most exact matching pattern counts."""

    def __init__(self, sources: Sequence[Source]) -> None:
        self._table = [
            (source.name, sorted(source.handlers.items(), key=lambda entry: exactness(entry[0])))
            for source in sources
        ]
        self.of = lru_cache(maxsize=4096)(self._of)

    def _of(self, subject: str) -> tuple[Route, ...]:
        """Return the route of every source that handles ``subject``, in order."""
        fitting = (
            next((Route(source, *entry) for entry in handlers if matches(entry[0], subject)), None)
            for source, handlers in self._table
        )
        return tuple(route for route in fitting if route)

    def patterns(self) -> list[str]:
        """Return the subjects to subscribe to so that every handler gets its events."""
        return covering(pattern for _, handlers in self._table for pattern, _ in handlers)
