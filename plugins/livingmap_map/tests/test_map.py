from pathlib import Path
from typing import ClassVar

import pytest
from pydantic import ValidationError

from livingmap.plugin import Relation, Status, TypeField
from livingmap.testing import SourceContract
from livingmap_map import plugin
from livingmap_map.rows import Described

TYPES = Path(__file__).with_name("eu.types.json")


class TestContract(SourceContract):
    plugin = plugin
    settings: ClassVar = {"base_url": "http://127.0.0.1:1", "types_file": TYPES}


def test_layers_and_references_are_those_of_the_other_map():
    assert [(one.name, one.collection, one.references, one.title) for one in TestContract().source.layers] == [
        ("weather", "items", ("region_id",), {"en": "Weather", "uk": "Погода"}),
        ("weather", "regions", (), {"en": "Weather", "uk": "Погода"}),
    ]


def test_a_type_that_the_other_map_declares_comes_along_in_all_languages():
    [station] = TestContract().source.types
    assert (station.name, station.home, station.within, station.rank) == (
        "station",
        ("weather", "items"),
        ("region_id",),
        200,
    )
    assert station.label == {"en": "Station", "uk": "Станція"}
    assert station.counts["uk"]["many"] == "станцій"
    assert station.statuses == {"frozen": Status("bad", {"en": "frozen", "uk": "замерзла"})}
    assert station.fields == (TypeField("celsius", {"en": "Temperature", "uk": "Температура"}, "number", "°C"),)
    assert station.relations == (
        Relation("region_id", {"en": "region", "uk": "регіон"}, {"en": "stations", "uk": "станції"}),
    )


def test_only_the_layers_that_are_asked_for_are_taken():
    described = Described.read(TYPES)
    assert described.places(["weather"]) == {("weather", "items"): {"region_id"}, ("weather", "regions"): set()}
    assert described.places([]) == {}


def test_an_answer_in_one_language_is_enough(tmp_path):
    file = tmp_path / "types.json"
    file.write_text(Described.read(TYPES).table.model_dump_json())
    assert Described.read(file).layer_words("weather", "title") == {"en": "Weather"}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (None, "types_file: [Errno 2]"),
        ("[", "types_file: Expecting value"),
        ("[]", "is not an answer of /living-map/types: en: Input should be a valid dictionary"),
        (
            '{"types": [{}], "layers": []}',
            "is not an answer of /living-map/types: en.types.0.name: Field required",
        ),
        ('{"uk": {"types": [], "layers": []}}', "has no English (en)"),
    ],
)
def test_a_file_that_is_not_a_description_is_said_to_be_none(tmp_path, text, problem):
    file = tmp_path / "types.json"
    if text is not None:
        file.write_text(text)
    with pytest.raises(ValueError, match="types_file") as caught:
        Described.read(file)
    assert problem in str(caught.value)


def test_a_map_is_shown_a_token():
    with pytest.raises(ValidationError, match="give token or token_file"):
        plugin.MapSettings(base_url="http://m", types_file=TYPES, username="u", password="p")


def test_a_token_file_is_read_each_time(tmp_path):
    file = tmp_path / "token"
    settings = plugin.MapSettings(base_url="http://m", types_file=TYPES, token_file=file)
    for token in ("one", "two"):
        file.write_text(f"{token}\n")
        assert settings.bearer() == token
