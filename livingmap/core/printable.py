"""Text from services as it may be shown on a terminal or in a log: what would steer either is escaped."""

import unicodedata
from typing import Final

_STEERING: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""The categories of control characters, of those that are not seen, of half characters and of ends of lines."""
_JOINERS: Final = "\u200c\u200d"
"""They stand in Persian words and between the parts of an emoji, and steer nothing."""
_SHORT: Final = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
_BEYOND: Final = 0x10000


def printable(text: str) -> str:
    r"""Return ``text`` with what a terminal or a reader of lines would act on in the notation of JSON.

    That is all control characters, so ANSI sequences and ends of lines too, what turns the direction of writing,
    and what cannot be seen. Example: a colour and a second line become ``\u001b[31mred\n2026-01-02 forged``.
    Text that is JSON stays JSON of the same value, because there such characters stand in strings alone.
    """
    return text if text.isprintable() else "".join(map(_shown, text))


def _shown(char: str) -> str:
    if char.isprintable() or unicodedata.category(char) not in _STEERING or char in _JOINERS:
        return char
    if char in _SHORT:
        return _SHORT[char]
    number = ord(char)
    if number < _BEYOND:
        return f"\\u{number:04x}"
    high, low = divmod(number - _BEYOND, 0x400)  # two halves, as JSON has it
    return f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"
