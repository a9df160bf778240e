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


async def test_a_map_of_a_source_without_code_has_its_items(tmp_path):
    service = StubService(Samples((Sample("/stations", [{"id": "lviv", "title": "Lviv"}]),)))
    await service.start()
    section = {**STATIONS, "base_url": service.base_url}
    async with living_map(tmp_path, {"http": section}) as living:
        assert (await snapshot(living))["layers"]["weather"]["items"] == [{"id": "station:lviv", "name": "Lviv"}]
    await service.kill()
