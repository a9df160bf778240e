"""Sentences: events in words. The cases are those of the front end, which fills the same templates."""

import json
from pathlib import Path

import pytest

from livingmap.access.event_filter import WITHHELD
from livingmap.core.fold import OWN_TYPES
from livingmap.core.own_sentences import OWN_SENTENCES
from livingmap.core.sentences import Happening, find_templates, in_words, invalid_sentences, sentence, table

SHARED = json.loads((Path(__file__).parents[2] / "frontend" / "tests" / "sentences.json").read_text())


def happening(payload, changed=(), language="en", event_type="a.b"):
    changes = [{"op": "put", "layer": "x", "id": entity_id} for entity_id in changed]
    return Happening(payload, [{"op": "total"}, *changes], SHARED["items"].get, language)


@pytest.mark.parametrize("case", SHARED["cases"], ids=lambda case: json.dumps(case["filled"]))
def test_a_template_is_filled(case):
    texts = {language: case[language] for language in ("en", "uk") if language in case}
    for language, filled in case["filled"].items():
        told = happening(case["payload"], case.get("changed", ()), language)
        assert sentence(texts, told) == filled


def test_the_most_exact_pattern_counts_and_of_equal_ones_the_first_declared():
    made = table(
        [
            {"dao.>": {"en": "any"}, "dao.event.*": {"en": "first"}},
            {"dao.event.*": {"en": "second"}, "dao.event.vote": {"en": "vote"}},
        ]
    )
    for event_type, text in [("dao.event.vote", "vote"), ("dao.event.end", "first"), ("dao.x", "any")]:
        assert find_templates(made, event_type) == {"en": text}
    assert find_templates(made, "weather.storm") == {}


def test_an_event_without_a_sentence_is_its_type_in_words():
    def shown(payload, *changes):
        return in_words("weather.storm_warning", Happening(payload, changes, lambda _: None, "en"))

    assert shown({}) == "weather storm warning"
    assert shown({"name": "Lviv"}) == shown({"name": 7, "slug": "Lviv"}) == "Lviv: weather storm warning"
    assert shown({"source": "Lviv"}) == shown({"name": "", "source": "Lviv"}) == "Lviv: weather storm warning"
    assert shown({}, {"op": "total"}, {"id": "model:a:b"}) == "a:b: weather storm warning"
    assert shown({"name": "Kyiv"}, {"id": "city:lviv"}) == "lviv: weather storm warning"


@pytest.mark.parametrize(
    ("sentences", "fault"),
    [
        ([], "its sentences are not a mapping from subject to texts by language"),
        ({"a..b": {"en": "x"}}, "sentence 'a..b' has an empty token"),
        ({"a": "x"}, "sentence 'a' is not given as texts by language"),
        ({7: {"en": "x"}}, "sentence 7 is not given as texts by language"),
        ({"a": {"uk": "x"}}, "sentence 'a' has no text in English (en)"),
        ({"a": {"en": []}}, "sentence 'a' has no text in en"),
        ({"a": {"en": 7}}, "sentence 'a' has no text in en"),
        ({"a": {"en": ["x", 7]}}, "sentence 'a' has no text in en"),
        ({"a": {"en": "x {b"}}, "sentence 'a' in en: its braces do not match: 'x {b'"),
        ({"a": {"en": "x {b}}"}}, "sentence 'a' in en: its braces do not match: 'x {b}}'"),
        ({"a": {"en": "{}"}}, "sentence 'a' in en: {} is not {field}, {field:kind} or {field:kind …}: '{}'"),
        (
            {"a": {"en": "{b:word}"}},
            "sentence 'a' in en: {b:word} is not written as its kind needs it: '{b:word}'",
        ),
        (
            {"a": {"en": "{b:agent x}"}},
            "sentence 'a' in en: {b:agent x} is not written as its kind needs it: '{b:agent x}'",
        ),
    ],
)
def test_what_is_wrong_with_sentences_is_said(sentences, fault):
    assert invalid_sentences(sentences) == [fault]


def test_the_maps_own_entries_have_sentences():
    assert OWN_SENTENCES.keys() == OWN_TYPES | {WITHHELD}
    assert invalid_sentences(OWN_SENTENCES) == []
    assert {frozenset(texts) for texts in OWN_SENTENCES.values()} == {frozenset({"en", "uk"})}


def test_a_type_may_have_digits_as_it_may_in_an_id():
    assert invalid_sentences({"a": {"en": "{id:s3_bucket} is there"}}) == []


def test_numbers_are_written_as_the_language_has_it():
    texts = {"en": "x", "uk": "{d:gain}; {d:amount}; {d}; {n:count голос|голоси|голосів}; {list}"}
    event = happening({"d": "1234.50", "n": 1234, "list": [0.5, 1.5]}, language="uk")
    assert sentence(texts, event) == "1\u00a0234,5; 1\u00a0234,5; 1234.50; 1\u00a0234 голоси; 0,5, 1,5"
    assert sentence({"en": "{d:loss}"}, happening({"d": "-1234.50"})) == "1,234.5"


def test_an_id_that_no_item_has_is_that_of_a_related_thing():
    texts = {"en": "{key:dao}"}
    for payload in (
        {"key": 17, "dao_id": "dao:oak"},
        {"key": 17, "dao_id": "oak"},
        {"key": 17, "proposal_id": "7"},
    ):
        assert sentence(texts, happening(payload)) == "Oak Trust"
    assert sentence(texts, happening({"key": 17}, ["dao:oak"])) == "Oak Trust"
    assert sentence(texts, happening({"key": 17, "dao": "oak", "dao_id": 7}, ["agent:sofia"])) == "17"


def test_a_thing_that_is_on_the_map_is_not_taken_for_a_related_one():
    items = {"dao:oak": {"name": "Oak Trust"}, "dao:elm": {"name": "Elm"}}
    event = Happening({"key": "elm", "dao_id": "dao:oak"}, [{"id": "dao:oak"}], items.get, "en")
    assert sentence({"en": "{key:dao}"}, event) == "Elm"


def test_all_that_is_wrong_with_sentences_is_said():
    assert invalid_sentences({"a": {"en": [], "uk": 7, "de": "{"}, "b": 7, "c..d": {"uk": "x"}}) == [
        "sentence 'a' has no text in en",
        "sentence 'a' has no text in uk",
        "sentence 'a' in de: its braces do not match: '{'",
        "sentence 'b' is not given as texts by language",
        "sentence 'c..d' has an empty token",
        "sentence 'c..d' has no text in English (en)",
    ]


def test_without_a_text_in_the_language_or_in_english_there_is_no_sentence():
    assert sentence({}, happening({})) is sentence({"uk": "так"}, happening({})) is None
    assert sentence({"uk": "так"}, happening({}, language="uk")) == "так"


def test_a_thing_without_name_and_title_is_called_by_its_slug():
    items = {
        "dao:1": {"name": "", "title": None, "slug": "oak"},
        "dao:2": {"name": 7, "title": "Elm", "slug": "e"},
    }
    for key, name in ((1, "oak"), (2, "Elm"), (3, "3")):
        assert sentence({"en": "{key:dao}"}, Happening({"key": key}, (), items.get, "en")) == name
