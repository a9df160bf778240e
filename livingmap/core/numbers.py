"""Numbers of JSON that would be written out other than they were sent: they become the text that was sent.

``12345678901234567.89`` is read as the double ``12345678901234568`` by almost every decoder. `may_be_rounded`
finds out quickly whether a document has such numbers; if it has, `decode` reads it exactly.
"""

import json
import math
import re
from decimal import Decimal
from typing import Final, NoReturn

from livingmap.core.model import Json

_DIGITS: Final = bytes.maketrans(b"123456789.", b"0000000000")
_MANY_DIGITS: Final = b"0" * 17
"""A number of fewer digits is never rounded; the point takes a place, too."""
_LONG_NUMBER: Final = re.compile(rb"[\s:,\[](-?[0-9][0-9.]{16,}(?:[eE][+-]?[0-9]+)?)")
"""A number does not follow a quotation mark, as most of the texts that look like one do."""
_TOO_LARGE: Final = 2**64
_LONGEST_INTEGER: Final = len(str(-_TOO_LARGE))


def may_be_rounded(data: bytes) -> bool:
    """Tell whether a decoder could round a number in ``data``; false only if it could not. Usually quick."""
    if _MANY_DIGITS not in data.translate(_DIGITS):
        return False
    return any(map(_would_be_rounded, map(bytes.decode, _LONG_NUMBER.findall(b":" + data))))


def decode(data: bytes) -> Json:
    """Return the value of a JSON document, with text for each number that would be rounded.

    Raises ValueError for what is not JSON, and for numbers that are not finite.
    """
    try:
        return json.loads(data, parse_int=_integer, parse_float=_decimal, parse_constant=_refuse)
    except RecursionError:
        raise ValueError("nested too deep") from None


def _would_be_rounded(text: str) -> bool:
    try:
        if repr(float(text)) == text:  # as almost every double that a program wrote
            return False
        return isinstance(_integer(text) if text.lstrip("-").isdecimal() else _decimal(text), str)
    except ValueError:  # an address or a version: not a number, so in a text
        return False


def _integer(text: str) -> int | str:
    value = int(text) if len(text) <= _LONGEST_INTEGER else _TOO_LARGE
    return value if -(2**63) <= value < _TOO_LARGE else text


def _decimal(text: str) -> float | str:
    value = float(text)
    if math.isinf(value):
        _refuse(text)
    written = repr(value)
    return value if written == text or Decimal(written) == Decimal(text) else text


def _refuse(text: str) -> NoReturn:
    raise ValueError(f"number {text[:40]} is not finite")
