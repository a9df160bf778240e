"""The changes of an entry: how an event changed the map, each change with what it replaced.

They are those that viewers were sent, in their wire form, and beside it ``was``, the fields that a put or total
replaced or the whole item that a drop removed, and ``came`` where the item was not there. Fields that change all
the time are not in ``was``. Entries that an earlier version of the map wrote have neither.
"""

from collections.abc import Iterable
from typing import Final

import orjson

from livingmap.core.json_bytes import right_sized
from livingmap.core.model import Change, Fields, Json, Put, Total, change_to_json
from livingmap.core.redaction import Redaction
from livingmap.core.vocabulary import Vocabulary

MOST_CHANGES_BYTES: Final = 1024 * 1024
"""Size up to which an entry keeps its changes; a stream does not resume from before a larger one."""

_KEPT_ONLY: Final = frozenset({"was", "came"})


def kept(changes: Iterable[Change], vocabulary: Vocabulary) -> bytes | None:
    """Return ``changes`` as an entry keeps them; without what they replaced, or None, where that is too large."""
    wires = [_kept(change, vocabulary) for change in changes]
    try:
        raw = encoded(wires)
        if len(raw) > MOST_CHANGES_BYTES:
            raw = encoded(map(sent, wires))
    except TypeError:  # values that a stream could not send either
        return None
    return raw if len(raw) <= MOST_CHANGES_BYTES else None


def encoded(changes: Iterable[Fields]) -> bytes:
    """Return the changes of an entry, as `decoded` gives them, as bytes again."""
    return right_sized(orjson.dumps(list(changes)))


def decoded(raw: bytes | None) -> list[dict[str, Json]]:
    """Return the changes of an entry; none if they were not kept."""
    changes: list[dict[str, Json]] = orjson.loads(raw) if raw else []
    return changes


def redacted(raw: bytes | None, redaction: Redaction) -> bytes | None:
    """Return the changes of an entry without redacted fields: there may have been no rule when they were kept."""
    if raw is None or not any(b'"%b"' % name.encode() in raw for name in redaction.names):
        return raw
    return encoded(_clean(change, redaction) for change in decoded(raw))


def _clean(change: Fields, redaction: Redaction) -> dict[str, Json]:
    clean = dict(change)
    for part in {"set", "was"}.intersection(change):
        clean[part] = redaction.fields(change["layer"], change[part])
    if "unset" in change:
        clean["unset"] = [name for name in change["unset"] if not redaction.removes(change["layer"], name)]
    return clean


def sent(change: Fields) -> dict[str, Json]:
    """Return a change of an entry as viewers were sent it."""
    return {name: value for name, value in change.items() if name not in _KEPT_ONLY}


def may_name(raw: bytes | None, fields: Iterable[str]) -> bool:
    """Tell, without decoding them, whether any of the changes of an entry may name any of ``fields``."""
    return raw is not None and any(orjson.dumps(name) in raw for name in fields)


def _kept(change: Change, vocabulary: Vocabulary) -> dict[str, Json]:
    wire = change_to_json(change)
    volatile = () if isinstance(change, Total) else vocabulary.volatile.get((change.layer, change.collection), ())
    wire["was"] = {name: value for name, value in change.was.items() if name not in volatile}
    if isinstance(change, Put) and change.came:
        wire["came"] = True
    return wire
