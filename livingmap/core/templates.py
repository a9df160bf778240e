"""Templates of sentences: texts with placeholders, as plugins declare them by event type and language."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, TypeAlias

Templates: TypeAlias = str | Sequence[str]
"""A template, or several, of which the first that can be filled counts."""

Sentences: TypeAlias = Mapping[str, Mapping[str, Templates]]
"""Templates by subject pattern, then by language: ``en``, which has to be there, ``uk`` …"""

_HOLE: Final = re.compile(r"\{([^{}]*)\}")
_INSIDE: Final = re.compile(
    r"(?P<field>[A-Za-z_][\w.]*)(?::(?P<kind>[a-z_][a-z0-9_]*)(?: (?P<rest>.+))?)?", re.DOTALL
)
_WITH_REST: Final = frozenset({"count", "word"})
_WITH_OR_WITHOUT: Final = frozenset({"keys"})


@dataclass(frozen=True, slots=True)
class Hole:
    """A placeholder of a template."""

    field: str
    kind: str
    """How the value is written: ``""`` as it is, ``word`` …, or the type of the entity whose id it is."""
    rest: tuple[str, ...]
    """What is after the kind: forms of ``count``, ``value=text`` of ``word``, or ``name=text`` of ``keys``."""


def invalid_template(template: str) -> str | None:
    """Return why a template cannot be filled; None if it can."""
    if re.search(r"[{}]", _HOLE.sub("", template)):
        return "its braces do not match"
    for inside in _HOLE.findall(template):
        match = _INSIDE.fullmatch(inside)
        if match is None:
            return f"{{{inside}}} is not {{field}}, {{field:kind}} or {{field:kind …}}"
        if match["kind"] not in _WITH_OR_WITHOUT and (match["kind"] in _WITH_REST) != (match["rest"] is not None):
            return f"{{{inside}}} is not written as its kind needs it"
    return None


@lru_cache(maxsize=4096)
def parsed(template: str) -> tuple[str | Hole, ...]:
    """Return the texts and placeholders that a valid template consists of."""
    parts: list[str | Hole] = []
    at = 0
    for match in _HOLE.finditer(template):
        parts.append(template[at : match.start()])
        inside = _INSIDE.fullmatch(match[1])
        if inside is not None:
            separator = "|" if inside["kind"] == "count" else ";"
            rest = tuple(one.strip() for one in (inside["rest"] or "").split(separator))
            parts.append(Hole(inside["field"], inside["kind"] or "", rest))
        at = match.end()
    return (*parts, template[at:])
