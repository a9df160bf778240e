"""What a status is called: as its type says, as the map calls it, or as it reads."""

import pytest

from livingmap.core.source import Source
from livingmap.core.status_words import status_words
from livingmap.core.types import Status, Type
from livingmap.core.vocabulary import Vocabulary

TARGET = Type(
    "target",
    ("monitoring", "targets"),
    statuses={
        "down": Status("bad", {"en": "unreachable", "uk": "недоступно"}),
        "degraded": Status("warn", {"en": "slow"}),
        "failed": Status("bad"),
    },
)
VOCABULARY = Vocabulary([Source("prom", "prometheus", object, (), types=(TARGET,))])


@pytest.mark.parametrize(
    ("status", "type_", "english", "ukrainian"),
    [
        (" Down ", "target", "unreachable", "недоступно"),
        ("warn", "target", "slow", "slow"),
        ("failed", "target", "failed", "збій"),
        ("dead", "target", "dead", "не в мережі"),
        ("down", "station", "down", "не в мережі"),
        ("degraded", "station", "degraded", "з перебоями"),
        ("error", "station", "error", "помилка"),
        ("out_of_order", "station", "out of order", "out of order"),
    ],
)
def test_the_word_of_the_type_counts_then_that_of_the_map(status, type_, english, ukrainian):
    assert [status_words(status, type_, VOCABULARY, language) for language in ("en", "uk")] == [english, ukrainian]
