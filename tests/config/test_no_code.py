"""The source without code as the program checks and probes it."""

import pytest
import yaml

from livingmap.config.loading import load
from livingmap.errors import ConfigError
from livingmap.sources.samples import Sample, Samples
from tests.support.maps import living_map, snapshot
from tests.support.services import StubService

STATIONS = {
    "base_url": "http://127.0.0.1:9",
    "lists": [
        {"path": "/stations", "layer": "weather", "type": "station", "id": "id", "fields": {"name": "title"}}
    ],
}


@pytest.fixture
def write(tmp_path):
    def written(text):
        file = tmp_path / "map.yaml"
        file.write_text(text)
        return file

    return written


def test_an_expression_that_cannot_be_read_is_a_fault_with_its_line(write):
    text = """
sources:
  http:
    base_url: http://weather:8080
    lists:
      - path: /stations
        layer: weather
        type: station
        id: id
        fields:
          celsius: reading..celsius
"""
    with pytest.raises(ConfigError) as caught:
        load(write(text))
    [fault] = caught.value.faults
    assert (fault.path, fault.line) == ("sources.http.lists.0.fields.celsius", 11)
    assert fault.problem.startswith("'reading..celsius' is not JMESPath")


def test_a_subject_that_nats_would_not_take_is_a_fault(write):
    section = {**STATIONS, "events": [{"subject": "a..b", "layer": "weather", "type": "station", "id": "id"}]}
    with pytest.raises(ConfigError) as caught:
        load(write(yaml.safe_dump({"sources": {"http": section}})))
    [fault] = caught.value.faults
    assert (fault.path, fault.problem) == ("sources.http", "handler 'a..b' has an empty token")


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("label: {uk: Станція}", "types.station.label: has no English text (en)"),
        ("label: {en: Station, ua: Станція}", "types.station.label: 'ua' is not a language; did you mean uk?"),
        (
            "counts: {en: {some: stations, other: stations}}",
            (
                "types.station.counts.en: 'some' is not a plural category "
                "(there are: zero, one, two, few, many, other)"
            ),
        ),
        ("counts: {en: {one: station}}", "types.station.counts.en: has no text for 'other'"),
        ("plurals: stations", "types.station.plurals: no such setting; did you mean plural?"),
        (
            "statuses: {frozen: {tune: bad}}",
            "types.station.statuses.frozen.tune: no such setting; did you mean tone?",
        ),
    ],
)
def test_what_is_wrong_with_the_words_of_a_type_is_said_with_its_line(write, line, fault):
    text = f"""
sources:
  http:
    base_url: http://weather:8080
    lists:
      - {{path: /stations, layer: weather, type: station, id: id}}
    types:
      station:
        {line}
"""
    with pytest.raises(ConfigError) as caught:
        load(write(text))
    assert f"9: sources.http.{fault}" in [f"{one.line}: {one.path}: {one.problem}" for one in caught.value.faults]


def test_a_type_with_relations_says_where_they_are_given(write):
    section = {**STATIONS, "types": {"station": {"relations": {}}}}
    with pytest.raises(ConfigError) as caught:
        load(write(yaml.safe_dump({"sources": {"http": section}})))
    [fault] = caught.value.faults
    assert fault.problem == "relations are given as references, where items are listed"


def test_a_setting_of_one_of_many_that_does_not_exist_has_a_suggestion(write):
    section = {**STATIONS, "lists": [{**STATIONS["lists"][0], "aliasses": ["uuid"]}]}
    with pytest.raises(ConfigError) as caught:
        load(write(yaml.safe_dump({"sources": {"http": section}})))
    [fault] = caught.value.faults
    assert (fault.path, fault.problem) == (
        "sources.http.lists.0.aliasses",
        "no such setting; did you mean aliases?",
    )


async def test_a_map_of_a_source_without_code_has_its_items(tmp_path):
    service = StubService(Samples((Sample("/stations", [{"id": "lviv", "title": "Lviv"}]),)))
    await service.start()
    section = {**STATIONS, "base_url": service.base_url}
    async with living_map(tmp_path, {"http": section}) as living:
        assert (await snapshot(living))["layers"]["weather"]["items"] == [{"id": "station:lviv", "name": "Lviv"}]
    await service.kill()
