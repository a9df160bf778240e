"""Text as it is compared in a search: forms of one letter, and letters that look alike, are the same."""

import re
import unicodedata
from typing import Final

_INVISIBLE: Final = re.compile(
    r"[\u0300-\u036f\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]"
)
"""Accents, and characters without a width."""
_ALIKE: Final = str.maketrans(
    "авеікмнорстухѕјһԁԛԝӏ" + "αβγεηικμνορτυχω" + "ıł",
    "abeikmhopctyxsjhdqwl" + "abyehikmvoptuxw" + "il",
)
"""Letters of other alphabets that are taken for Latin ones, by the looks of small and capital letters."""


def search_key(text: str) -> str:
    """Return what two texts that read alike have in common; a search finds one key in another.

    Example: ``Ｓofia``, ``SOFÍA`` and one that begins with a Cyrillic ``Ѕ`` have the key ``sofia``. It is for
    searching only: ids and names are compared as they are.
    """
    if text.isascii():
        return text.lower()
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return _INVISIBLE.sub("", folded).translate(_ALIKE)
