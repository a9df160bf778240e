"""The ids that a payload names: typed ones, those whose key names their type, and bare ones of what is on the map.

``{"agent_id": "sofia"}``, ``{"agents": ["sofia"]}`` and ``{"agent": {"slug": "sofia"}}`` name ``agent:sofia``, be
it on the map or not. ``{"who": "sofia"}`` names whatever stands on the map under that name, of any type.
"""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Final, NamedTuple

from livingmap.access.mentions import Mentions, ids_in
from livingmap.core.model import Json, id_of
from livingmap.core.vocabulary import STATUSES, type_of

_WORD: Final = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+")
_ID_WORDS: Final = frozenset({"id", "ids", "uuid", "uuids", "slug", "slugs"})
_BARE: Final = re.compile(r"\S{1,256}")
_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


class _Key(NamedTuple):
    """What a key of a payload may say of its value."""

    noun: str
    """The last word but ``id``: ``agent`` of ``targetAgentId``."""
    says_id: bool
    """It ends in ``id`` or the like."""


def payload_ids(payload: Json, mentions: Mentions) -> frozenset[str]:
    """Return every id that ``payload`` names, or may name."""
    return frozenset((*ids_in(payload), *_untyped(payload, None, mentions)))


def _untyped(value: Json, kind: str | None, mentions: Mentions) -> Iterator[str]:
    """Yield the ids in a value whose key names the type ``kind``, if it names one."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            if kind is not None or _UUID.fullmatch(name):
                yield from mentions.named(name)
            yield from _of_field(name, inner, kind, mentions)
    elif isinstance(value, list):
        for inner in value:
            yield from _untyped(inner, kind, mentions)
    elif isinstance(value, str):
        yield from _of_text(value, kind, mentions)
    elif isinstance(value, int) and not isinstance(value, bool) and kind is not None:
        yield id_of(kind, value)


def _of_field(name: str, value: Json, outer: str | None, mentions: Mentions) -> Iterator[str]:
    key = _key(name)
    if not key.noun:  # "id" in {"agent": {"id": …}}
        yield from _untyped(value, outer, mentions)
    elif key.noun in mentions.types:
        yield from _untyped(value, key.noun, mentions)
    elif key.noun.endswith("s") and key.noun[:-1] in mentions.types:
        if key.says_id or not isinstance(value, int):  # else it counts them
            yield from _untyped(value, key.noun[:-1], mentions)
    else:
        yield from _untyped(value, None, mentions)


def _of_text(text: str, kind: str | None, mentions: Mentions) -> Iterator[str]:
    text = text.strip()
    if not _BARE.fullmatch(text) or type_of(text) in mentions.types:
        return
    if kind is not None:
        yield id_of(kind, text)
    elif text not in STATUSES:  # or an agent with the name "busy" would hide what is said of all others
        yield from mentions.named(text)


@lru_cache(maxsize=4096)
def _key(name: str) -> _Key:
    words = [word.lower() for word in _WORD.findall(name)]
    says_id = bool(words) and words[-1] in _ID_WORDS
    nouns = words[:-1] if says_id else words
    return _Key(nouns[-1] if nouns else "", says_id)
