import pytest

from livingmap.core.language import in_a_sentence, label_of, plural_of, preferred, readable


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("uk", "uk"),
        ("UK-ua", "uk"),
        ("de, uk;q=0.1", "uk"),
        ("en;q=0.4, uk;q=0.5", "uk"),
        ("pt-BR", "pt-BR"),
        ("pt", "en"),
        ("uk;q=0, *", "en"),
        ("uk;q=x", "en"),
        ("de;q=x, uk", "uk"),
        ("de,uk;q=0.1", "uk"),
    ],
)
def test_the_language_is_the_best_of_those_that_there_are(header, language):
    assert preferred(header, ["en", "uk", "pt-BR"]) == language


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("load_balancer", "load balancer"),
        ("job_id", "job"),
        ("node_ids", "node"),
        ("metrics.cpu", "metrics cpu"),
        ("_id", "_id"),
    ],
)
def test_names_are_made_readable(name, text):
    assert readable(name) == text


def test_a_label_is_the_readers_then_english_then_the_name():
    words = {"en": "Target", "uk": "Ціль"}
    assert [label_of("target", words, language) for language in ("uk", "de")] == ["Ціль", "Target"]
    assert label_of("load_balancer", {}, "uk") == "Load balancer"
    assert [in_a_sentence(label) for label in ("Load balancer", "DAO", "microDAO")] == [
        "load balancer",
        "DAO",
        "microDAO",
    ]


@pytest.mark.parametrize(
    ("noun", "plural"),
    [
        ("target", "targets"),
        ("query", "queries"),
        ("day", "days"),
        ("switch", "switches"),
        ("bus", "buses"),
        ("DAO", "DAOs"),
    ],
)
def test_nouns_get_a_plural(noun, plural):
    assert plural_of(noun) == plural
