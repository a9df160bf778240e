"""The table ``same_as`` of the configuration: which ids mean one thing, and which of a source mean another."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from livingmap.core.model import typed_id
from livingmap.core.vocabulary import type_of


@dataclass(frozen=True, slots=True)
class SameAs:
    """Ids that are joined or separated by hand.

    Example: ``node:12: node:gpu-1`` joins two ids of one node, which is shown as ``node:gpu-1``. ``space/dao:3:
    dao:oak`` says that what the source ``space`` calls ``dao:3`` is ``dao:oak``; the ``dao:3`` of other sources is
    another thing.
    """

    joined: Mapping[str, str] = field(default_factory=dict)
    """By id, the id that means the same. No value is a key."""
    renamed: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """By source, the ids of that source alone, and what they are on the map."""


NOBODY: Final = SameAs()
"""No id is joined or separated by hand."""


def same_as(table: Mapping[str, str], sources: Iterable[str]) -> SameAs:
    """Return what a table says. Raises ValueError: which entry, and why it cannot be."""
    names = set(sources)
    joined: dict[str, str] = {}
    renamed: dict[str, dict[str, str]] = {}
    for key, target in table.items():
        source, entity_id = _split(key, names)
        _check(key, entity_id, target)
        (joined if source is None else renamed.setdefault(source, {}))[entity_id] = target
    return SameAs({key: _end(joined, key) for key in joined}, renamed)


def _split(key: str, sources: set[str]) -> tuple[str | None, str]:
    source, slash, rest = key.partition("/")
    if not slash or ":" in source:
        return None, key
    if source not in sources:
        raise ValueError(f"{key!r}: there is no source {source!r} (there are: {', '.join(sorted(sources))})")
    return source, rest


def _check(key: str, entity_id: str, target: str) -> None:
    if type_of(typed_id(entity_id)) != type_of(typed_id(target)):
        raise ValueError(f"{key!r}: {target!r} is of another type")
    if entity_id == target:
        raise ValueError(f"{key!r}: an id is the same as itself anyway")


def _end(joined: Mapping[str, str], key: str) -> str:
    """Return the last id of a chain. Raises ValueError if it has no end."""
    target, passed = joined[key], {key}
    while target in joined:
        if target in passed:
            raise ValueError(f"{key!r}: goes in a circle")
        passed.add(target)
        target = joined[target]
    return target
