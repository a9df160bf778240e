"""Problems in words: the sentence of each in a reader's language, with the names of what that reader is shown."""

from collections.abc import Iterator
from typing import Final

from livingmap.core.catalogue import home_of
from livingmap.core.language import ENGLISH, readable
from livingmap.core.layers import Layers
from livingmap.core.model import Fields, Json
from livingmap.core.sentences import Happening, sentence
from livingmap.core.status_words import status_words
from livingmap.core.vocabulary import type_of
from livingmap.problems.kind import Finding

LANGUAGES: Final = (ENGLISH, "uk")
"""The languages in which problems are described."""


def what_is_wrong(finding: Finding, shown: Layers, language: str) -> str:
    """Return the sentence of a problem, as a reader of ``shown`` gets it."""

    def find(entity_id: str) -> Fields | None:
        place = home_of(shown, entity_id)
        return shown.items(*place).get(entity_id) if place else None

    values = dict(_values(finding, shown, language))
    happening = Happening(values, [{"id": one} for one in finding.entity_ids], find, language)
    return sentence(finding.kind.what, happening) or readable(finding.kind.code)


def _values(finding: Finding, shown: Layers, language: str) -> Iterator[tuple[str, Json]]:
    for name, value in finding.values.items():
        is_status = name == "status" and finding.entity_ids
        if is_status:
            kind = type_of(finding.entity_ids[0])
            yield name, status_words(value, kind, shown.vocabulary, language)
        else:
            yield name, value
