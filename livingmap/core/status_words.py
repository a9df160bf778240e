"""Status words: what a status is called, of a thing's type or in general."""

from typing import Final

from livingmap.core.language import readable, text_in
from livingmap.core.types import Words
from livingmap.core.vocabulary import STATUSES, Vocabulary

_OWN: Final[dict[str, Words]] = {
    "degraded": {"uk": "з перебоями"},
    "error": {"uk": "помилка"},
    "failed": {"uk": "збій"},
    "offline": {"uk": "не в мережі"},
}
"""What the map's own statuses of trouble are called, as the page calls them."""


def status_words(status: str, type_: str, vocabulary: Vocabulary, language: str) -> str:
    """Return what a status of a type is called."""
    raw = status.strip().lower()
    word, declared = STATUSES.get(raw, raw), vocabulary.types.get(type_)
    own = (declared.statuses.get(raw) or declared.statuses.get(word)) if declared else None
    words = own.label if own and own.label else _OWN.get(word, {})
    return text_in(language, words, readable(status))
