"""Long answers cut into pieces: decoding one lets other threads run between two pieces, and need not hold all.

Decoding lets no other thread run, and 70 MB take half a second. So an array is cut where ``},{`` stands, some
hundred kilobytes on. That may be in the middle of a row, or of a text; a piece that was cut there is not JSON, and
another place is tried. One that is JSON, from the beginning of an element on, was cut between two elements.
"""

import re
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Final, NamedTuple, TypeAlias, TypeVar

import orjson

from livingmap.core import numbers
from livingmap.core.model import Json

T = TypeVar("T")

Body: TypeAlias = bytes | bytearray

PIECE_BYTES: Final = 128 * 1024
_MOST_TRIES: Final = 4
"""So many places are tried before a piece is made twice as long."""
_MOST_PREFIX: Final = 4096
_BETWEEN: Final = re.compile(rb"\}\s*,(?=\s*\{)")
_ARRAY: Final = re.compile(rb"\[(?=\s*\{)")
_PLACE: Final = "\N{SYMBOL FOR NULL}livingmap: here are the rows"


class Cut(NamedTuple):
    """A document with a long array of objects: what surrounds the array, and where its elements are."""

    rest: Json
    """The document, with the one text `_PLACE` in the array in place of its elements."""
    start: int
    end: int


def json_of(body: Body) -> Json:
    """Return the JSON of ``body``, with numbers as they were sent. Raises ValueError."""
    cut = _cut(body) if len(body) > 2 * PIECE_BYTES else None
    if cut is None:
        return plain(body)
    rows: list[Json] = []
    try:
        for some in _pieces(body, cut, plain):
            rows += some
    except ValueError:
        return plain(body)  # whose error says where
    return _filled(cut.rest, rows)


def rows_of(body: Body, key: str, read: Callable[[bytes], T]) -> Iterator[T] | None:
    """Yield what ``read`` makes of one array after another, which have the rows of an array in ``body``.

    That may be the document, or stand under ``key`` in it. None if the document is short, or cannot be cut.
    ``read`` raises ValueError for what is not JSON; so does this on the way, if a part of the document is not.
    """
    cut = _cut(body) if len(body) > 2 * PIECE_BYTES else None
    if cut is None or [_PLACE] not in (cut.rest, cut.rest.get(key) if isinstance(cut.rest, dict) else None):
        return None
    return _pieces(body, cut, read)


def plain(body: Body) -> Json:
    """Return the JSON of a short document, with numbers as they were sent. Raises ValueError."""
    value = orjson.loads(body)
    return numbers.decode(bytes(body)) if numbers.may_be_rounded(bytes(body)) else value


def _cut(body: Body) -> Cut | None:
    """Return how to cut a document: by the first array of objects at its beginning; None if there is none."""
    opening = _ARRAY.search(body, 0, _MOST_PREFIX)
    if opening is None:
        return None
    end = len(body)
    for _ in range(_MOST_TRIES):
        end = body.rfind(b"]", opening.end(), end)
        if end < 0:
            return None
        try:
            rest = orjson.loads(b"".join((body[: opening.end()], orjson.dumps(_PLACE), body[end:])))
        except ValueError:
            continue
        return Cut(rest, opening.end(), end) if _has_place(rest) else None
    return None


def _has_place(rest: Json) -> bool:
    values = (rest, *rest.values()) if isinstance(rest, dict) else (rest,)
    return any(value == [_PLACE] for value in values)


def _filled(rest: Json, rows: list[Json]) -> Json:
    if isinstance(rest, dict):
        return {name: rows if value == [_PLACE] else value for name, value in rest.items()}
    return rows


def _pieces(body: Body, cut: Cut, read: Callable[[bytes], T]) -> Iterator[T]:
    """Yield what is read of arrays with the elements, each of so many bytes. Raises ValueError for what is not."""
    start, length = cut.start, PIECE_BYTES
    while cut.end - start > length:
        places = islice(_BETWEEN.finditer(body, start + length, cut.end), _MOST_TRIES)
        for place in places:
            try:
                value = read(b"".join((b"[", body[start : place.start() + 1], b"]")))
            except ValueError:
                continue
            yield value
            start, length = place.end(), PIECE_BYTES
            break
        else:
            length *= 2
    yield read(b"".join((b"[", body[start : cut.end], b"]")))
