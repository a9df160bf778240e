"""Parsing: makes messages for the log of what comes from outside, or sets it aside with a reason. Pure."""

from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

import orjson

from livingmap.core import numbers, route
from livingmap.core.fold import OF_SOURCES, OWN_TYPES, POSSIBLE_LOSS, WITH_CHANGES
from livingmap.core.model import Fields, Json, Message, Total, change_from_json
from livingmap.core.validity import MOST_DEPTH, MOST_TEXT, invalid_reason
from livingmap.errors import LivingMapError

MOST_BYTES: Final = 256 * 1024
MOST_SUBJECT: Final = 256
MOST_LETTERS: Final = 100
_MOST_EXCERPT: Final = 200
_OWN: Final = "livingmap"
_NO_TEXT: Final = "\ufffd"


class DeadMessage(LivingMapError):
    """A message from outside that cannot be an event. It is set aside; reading it again would not help."""


def read(subject: str, data: bytes, most_bytes: int = MOST_BYTES) -> Message:
    """Return what was published on ``subject`` as a message whose payload can be kept, compared and sent.

    Raises DeadMessage for everything else, and nothing but that.
    """
    if len(subject) > MOST_SUBJECT:
        raise DeadMessage(f"its subject has {len(subject)} characters, more than {MOST_SUBJECT}")
    if reason := _invalid_subject(subject):
        raise DeadMessage(f"its subject {reason}")
    if len(data) > most_bytes:
        raise DeadMessage(f"larger than most_bytes = {most_bytes}")
    try:
        payload = orjson.loads(data)
        if numbers.may_be_rounded(data):
            payload = numbers.decode(data)
    except ValueError as error:
        raise DeadMessage(f"no JSON: {error}") from None
    if not isinstance(payload, dict):
        raise DeadMessage(f"no JSON object but {_kind(payload)}")
    # A total may say exactly what an event may say: its fields are what has to be sound.
    if not _is_plain(data) and (reason := invalid_reason(Total(_OWN, payload))):
        raise DeadMessage(reason)
    return Message(subject, payload, len(data))


def read_own(event_type: str, data: bytes) -> Message:
    """Return a message of one of the map's own processes. Raises DeadMessage for what none of them sends."""
    try:
        payload = orjson.loads(data)
        if event_type not in OWN_TYPES:
            raise DeadMessage(f"the map says no {event_type}")
        if event_type in OF_SOURCES and not isinstance(payload["source"], str):
            raise DeadMessage("not of this program: the source has no name")
        if event_type == POSSIBLE_LOSS:
            _check_loss(payload)
        for wire in payload["changes"] if event_type in WITH_CHANGES else ():
            if reason := invalid_reason(change_from_json(wire)):
                raise DeadMessage(reason)
    except (ValueError, KeyError, TypeError) as error:
        raise DeadMessage(f"not of this program: {type(error).__name__}: {error}") from None
    return Message(event_type, payload, len(data))


def _check_loss(payload: Fields) -> None:
    """Raise ValueError, KeyError or TypeError for an entry about a loss that does not say when, and how much."""
    times = [datetime.fromisoformat(payload[name]).astimezone(UTC) for name in ("from", "until")]
    if not isinstance(payload["messages"], int | None) or times[0] > times[1]:
        raise ValueError("a loss of no number, or that ends before it begins")


def _is_plain(data: bytes) -> bool:
    """Tell whether no value in ``data``, a JSON object, can be unsound: almost none can, and looking is cheap."""
    return len(data) <= MOST_TEXT and b"\\u0000" not in data and data.count(b"{") + data.count(b"[") <= MOST_DEPTH


@lru_cache(maxsize=4096)
def _invalid_subject(subject: str) -> str | None:
    if not subject.isprintable() or _NO_TEXT in subject:
        return "has characters that are no text"
    if subject == _OWN or subject.startswith(f"{_OWN}."):
        return f"begins with {_OWN}, where only the map itself speaks"
    if any(word in ("*", ">") for word in subject.split(".")):
        return "is a pattern"
    return route.invalid_reason(subject)


def _kind(value: Json) -> str:
    return {list: "an array", str: "text", type(None): "null", bool: "a boolean"}.get(type(value), "a number")


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message that was set aside, as far as it is kept."""

    received_at: datetime
    subject: str
    reason: str
    excerpt: str
    """How the payload begins, written as a Python literal: always printable."""


@dataclass(slots=True)
class DeadLetters:
    """The latest messages that were set aside, and how many there were in all."""

    count: int = 0
    letters: deque[DeadLetter] = field(default_factory=lambda: deque(maxlen=MOST_LETTERS))

    def add(self, received_at: datetime, subject: str, reason: object, data: bytes) -> None:
        """Keep a letter; the oldest goes when there are too many."""
        excerpt = repr(data[:_MOST_EXCERPT])[:_MOST_EXCERPT]
        letter = DeadLetter(
            received_at, _shown(subject, MOST_SUBJECT), _shown(str(reason), _MOST_EXCERPT), excerpt
        )
        self.letters.append(letter)
        self.count += 1


def _shown(text: str, most: int) -> str:
    return "".join(char if char.isprintable() else _NO_TEXT for char in text[:most])
