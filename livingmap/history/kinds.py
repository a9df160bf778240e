"""Kinds: what many entries have in common, so that each names it by a number: type, source, fields of the payload.

Example: kind 7 is ``agent.event.status`` from the source ``agents`` with the fields ``agent_id``, ``status`` and
``ts``; an entry of it keeps only their values, ``["agent:sofia", "busy", "2026-03-01T12:00:00Z"]``.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Any, Final, NamedTuple

import orjson

from livingmap.core.model import Fields, Json
from livingmap.history import Entry
from livingmap.history.jsonb import decode, encode, text

_MOST_OF_A_TYPE: Final = 32
"""A type whose payloads have other fields each time is no template: then they are kept whole."""
_MOST_LETTERS: Final = 1000

_ADD: Final = """
INSERT INTO living_map_kinds (event_type, source, fields) VALUES ($1, $2, $3::text[]) ON CONFLICT DO NOTHING"""

COUNT: Final = "SELECT count(*) FROM living_map_kinds"

_ALL: Final = "SELECT kind, event_type, source, fields FROM living_map_kinds"


class Kind(NamedTuple):
    """A type, a source, and the names of the fields of a payload; None for one that is kept whole."""

    event_type: str
    source: str | None
    fields: tuple[str, ...] | None


class Kinds:
    """The kinds of a database, as far as they were read from it. None is ever deleted there."""

    def __init__(self) -> None:
        self.by_number: dict[int, Kind] = {}
        self.numbers: dict[Kind, int] = {}
        self._new: set[Kind] = set()
        """Those that are to be added."""
        self._of_types: Counter[str] = Counter()

    def forget(self) -> None:
        """Read them anew: the database may be another one."""
        self.by_number, self.numbers, self._new, self._of_types = {}, {}, set(), Counter()

    async def read(self, connection: Any) -> None:
        """Read those that were added meanwhile."""
        if len(self.by_number) != await connection.fetchval(COUNT):
            await self.read_all(connection)

    async def read_all(self, connection: Any) -> None:
        """Read all of them."""
        rows = await connection.fetch(_ALL)
        kinds = {
            number: Kind(event_type, source, None if fields is None else tuple(fields))
            for number, event_type, source, fields in rows
        }
        self.by_number, self.numbers = kinds, {kind: number for number, kind in kinds.items()}
        self._new, self._of_types = set(), Counter(kind.event_type for kind in kinds.values())

    def packed(self, entry: Entry) -> tuple[Kind, bytes]:
        """Return the kind of ``entry``, and its payload as one of this kind keeps it."""
        event_type, source, payload = text(entry.event_type), entry.source, entry.payload
        source = None if source is None else text(source)
        kind = Kind(event_type, source, tuple(payload))
        if kind in self.numbers or kind in self._new or self._is_template(kind):
            try:
                raw = orjson.dumps([*payload.values()])
            except TypeError:
                raw = b"\\u0000"
            if b"\\u0000" not in raw:
                return kind, raw
        return Kind(event_type, source, None), encode(payload)

    def _is_template(self, kind: Kind) -> bool:
        """Tell whether a kind that is not there yet may be added."""
        fields, known = kind.fields or (), self._of_types[kind.event_type]
        if known >= _MOST_OF_A_TYPE or not all(map(_is_plain, fields)) or sum(map(len, fields)) > _MOST_LETTERS:
            return False
        self._new.add(kind)
        self._of_types[kind.event_type] += 1
        return True


def _is_plain(name: object) -> bool:
    return isinstance(name, str) and text(name) == name


async def add(connection: Any, kinds: Iterable[Kind]) -> None:
    """Add ``kinds`` to the database. They count when that is committed, and are read again."""
    for kind in kinds:
        await connection.execute(_ADD, *kind)


def payload(kind: Kind, raw: bytes) -> Any:
    """Return the payload of an entry."""
    values: Json = decode(raw)
    if kind.fields is None or not isinstance(values, list):
        return values
    fields: Fields = dict(zip(kind.fields, values, strict=True))
    return fields
