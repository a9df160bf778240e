"""Grades of plugins, and the version of the interface that they need: both are read off the description."""

import json
from dataclasses import replace

import pytest

from livingmap.plugin import API_VERSION, Layer, Put, Source, SourceSettings, Type, TypeField
from livingmap.sources.grade import Grade, graded
from livingmap.sources.plugin_import import PluginError
from livingmap.sources.registry import load_source

BOTH = {"en": "Boat", "uk": "Човен"}
TYPE = Type("boat", ("boats", "items"), label=BOTH, plural=BOTH, fields=(TypeField("sails", BOTH),))


async def fetch(client):
    return []


def on_left(event, part):
    return [Put("boats", "boat:a")]


class Settings(SourceSettings):
    base_url: str = "http://harbour"
    """Address of the harbour."""


@pytest.fixture
def source(tmp_path):
    samples = tmp_path / "samples"
    samples.mkdir()
    (samples / "boats.json").write_text('{"path": "/boats", "body": []}')
    (samples / "messages.jsonl").write_text(json.dumps({"subject": "boat.left.a", "payload": {}}))
    (tmp_path / "README.md").write_text("# boats")
    layers = (Layer("boats", fetch=fetch), Layer("nodes", decorates=True))
    sentences = {"boat.left.*": {"en": "left", "uk": "пішов"}}
    return Source(
        "boats",
        "harbour",
        Settings,
        layers,
        {"boat.left.*": on_left},
        sentences=sentences,
        types=(TYPE,),
        samples=samples,
    )


def test_a_plugin_with_everything_is_gold(source):
    assert (graded(source).grade, graded(source).lacks) == (Grade.GOLD, ())


@pytest.mark.parametrize(
    ("change", "grade", "lack"),
    [
        ({"types": ()}, "silver", "types of what it lists"),
        ({"types": (replace(TYPE, fields=()),)}, "silver", "fields of the type boat"),
        (
            {"types": (replace(TYPE, plural={"en": "x"}),)},
            "silver",
            "the plural of the type boat in two languages",
        ),
        ({"sentences": {"boat.>": {"en": "x"}}}, "silver", "a sentence for boat.> in a second language"),
        ({"sentences": {}}, "bronze", "a sentence for boat.left.*"),
        ({"handlers": {"boat.came": on_left}}, "bronze", "a sample of a message on boat.came"),
        ({"samples": None, "handlers": {}}, "bronze", "samples of answers"),
    ],
)
def test_what_a_plugin_lacks_costs_a_grade(source, change, grade, lack):
    lesser = graded(replace(source, **change))
    assert lesser.grade == grade
    assert lack in lesser.lacks


def test_what_a_plugin_says_of_others_things_costs_nothing(source):
    assert graded(replace(source, types=(TYPE, Type("node", ("nodes", "items"))))).grade == Grade.GOLD


def test_a_sentence_for_each_message_of_a_pattern_is_enough(source):
    handlers = {"boat.>": on_left}
    assert graded(replace(source, handlers=handlers)).grade == Grade.GOLD
    other = {"boat.came.*": {"en": "came", "uk": "прийшов"}}
    assert "a sentence for boat.>" in graded(replace(source, handlers=handlers, sentences=other)).lacks


def test_a_type_that_has_only_a_name_costs_nothing_beside_one_with_fields(source):
    role = Type("role", ("boats", "items"), label=BOTH, plural=BOTH)
    assert graded(replace(source, types=(TYPE, role))).grade == Grade.GOLD


def test_a_readme_and_readable_samples_are_wanted(source, tmp_path):
    (tmp_path / "README.md").unlink()
    assert graded(source).lacks == ("a README.md beside the plugin",)
    (tmp_path / "samples" / "bad.json").write_text("{")
    assert graded(source).grade == Grade.BRONZE
    assert "bad.json: not a sample" in graded(source).lacks[0]


@pytest.mark.parametrize(
    ("required", "reason"),
    [
        (
            "1.99",
            f"it needs version 1.99 of the interface of plugins, this map has {API_VERSION}; use a newer map",
        ),
        (
            "0.9",
            f"it needs version 0.9 of the interface of plugins, this map has {API_VERSION}; use a newer plugin",
        ),
        ("new", f"requires_api is 'new'; write it like '{API_VERSION}'"),
    ],
)
def test_a_plugin_for_another_interface_is_refused_in_words(required, reason, tmp_path):
    (tmp_path / "boats.py").write_text(
        "from livingmap.plugin import Layer, Source, SourceSettings, hookimpl\n\n"
        "@hookimpl\ndef livingmap_source():\n"
        f'    return Source("boats", "x", SourceSettings, (Layer("boats"),), requires_api={required!r})\n'
    )
    with pytest.raises(PluginError) as refused:
        load_source("boats", "./boats.py", tmp_path)
    assert reason in str(refused.value)
