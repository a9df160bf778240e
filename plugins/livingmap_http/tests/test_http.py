import re
from pathlib import Path
from typing import ClassVar

import pytest
import yaml
from pydantic import ValidationError

from livingmap.plugin import Drop, LayerSettings, Reply, SourceSettings, TypeSettings
from livingmap.testing import SourceContract, SourceHarness
from livingmap_http import plugin
from livingmap_http.sections import DetailsSection, EventSection, ListSection, Reference

README = Path(plugin.__file__).with_name("README.md").read_text()
WEATHER = yaml.safe_load(re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)[0])["sources"]["http"]
STATION = {"path": "/stations", "layer": "weather", "type": "station", "id": "id"}


class TestContract(SourceContract):
    plugin = plugin
    settings: ClassVar = WEATHER


async def polled(answer=None, **settings):
    given = settings or WEATHER
    harness = SourceHarness(
        plugin, (lambda _: Reply(answer)) if answer else None, **{"base_url": "http://w", **given}
    )
    await harness.poll()
    return harness


@pytest.mark.parametrize(
    "model",
    [
        plugin.HttpSettings,
        ListSection,
        EventSection,
        DetailsSection,
        Reference,
        TypeSettings,
        LayerSettings,
    ],
)
def test_the_readme_names_every_setting(model):
    names = model.model_fields.keys() - SourceSettings.model_fields.keys()
    assert {name for name in names if f"`{name}`" not in README} == set()


async def test_rows_become_items_with_the_fields_that_expressions_find():
    harness = await polled()
    assert harness.health.dropped == []
    assert dict(harness.items("weather")) == {
        "station:lviv": {
            "name": "Lviv, Snopkiv",
            "status": "online",
            "celsius": -3.5,
            "wind": 4.1,
            "measured_at": "2026-01-02T12:00:00Z",
            "node_id": "node:node-weir",
        },
        "station:kyiv": {
            "name": "Kyiv, Pechersk",
            "status": "degraded",
            "celsius": None,
            "wind": None,
            "measured_at": None,
            "node_id": None,
        },
    }
    assert harness.item("weather", "station:5b0c6a3e-7f1d-4a52-9d0b-1c2e3f405162")["name"] == "Lviv, Snopkiv"


async def test_an_object_may_hold_the_rows_by_key():
    assert dict((await polled()).items("weather", "regions")) == {
        "region:west": {"name": "Захід"},
        "region:centre": {"name": "Центр"},
    }


async def test_several_lists_may_fill_one_collection():
    lists = [STATION, {**STATION, "type": "buoy"}]
    harness = await polled([{"id": "a"}], lists=lists)
    assert harness.items("weather").keys() == {"station:a", "buoy:a"}


async def test_a_row_without_an_id_is_dropped_with_its_reason():
    harness = await polled([{"id": "a"}, {"id": None}, {"id": "b c"}], lists=[STATION])
    assert harness.items("weather").keys() == {"station:a"}
    assert harness.health.dropped == [
        "/stations[1]: id: id finds nothing in the row",
        "/stations[2]: no id of a station can be made of 'b c'",
    ]


async def test_an_id_that_no_row_has_is_one_error():
    harness = await polled([{"id": "a", "at": 1}, {"id": "b"}], lists=[{**STATION, "id": "idd"}])
    assert harness.health.error == (
        "weather.items: /stations: id: idd finds nothing in any of 2 rows (the first has: at, id)"
    )
    assert harness.health.dropped == []


async def test_a_field_that_no_row_has_is_noted():
    section = {
        **STATION,
        "fields": {"cpu": "metrics.cpu", "seen_at": "title", "name": "title"},
        "times": ["seen_at"],
        "references": {"node_id": {"type": "node", "id": "hots"}},
    }
    harness = await polled([{"id": "a", "title": "A"}, {"id": "b", "title": "B"}], lists=[section])
    assert harness.health.error is None
    assert harness.health.notes == [
        "/stations: cpu: metrics.cpu finds nothing in any of 2 rows",
        "/stations: seen_at: title finds no time in any of 2 rows",
        "/stations: node_id: hots finds nothing in any of 2 rows",
    ]


async def test_a_field_that_one_row_has_is_not_noted():
    section = {**STATION, "fields": {"cpu": "cpu"}}
    harness = await polled([{"id": "a"}, {"id": "b", "cpu": 0}], lists=[section])
    assert harness.health.notes == []


async def test_rows_that_the_answer_does_not_have_are_an_error_that_names_what_it_has():
    harness = await polled({"stations": [], "page": 1}, lists=[{**STATION, "rows": "items"}])
    assert harness.health.error == (
        "weather.items: /stations: rows: items finds nothing (the answer has: page, stations)"
    )


async def test_rows_that_an_expression_cannot_be_applied_to_are_an_error():
    harness = await polled({"stations": 7}, lists=[{**STATION, "rows": "sort_by(stations, &id)"}])
    assert "/stations: 'sort_by(stations, &id)' does not fit the answer" in harness.health.error


async def test_a_reference_may_be_a_list():
    references = {"node_ids": {"type": "node", "id": "hosts"}}
    harness = await polled([{"id": "a", "hosts": ["x", None, 7]}], lists=[{**STATION, "references": references}])
    assert harness.item("weather", "station:a") == {"node_ids": ["node:x", "node:7"]}


def test_names_that_may_be_of_other_sources_are_left_alone():
    references = {"node_id": {"type": "node", "id": "host"}, "other_id": {"type": "stations", "id": "other"}}
    section = {**STATION, "fields": {"name": "n"}, "references": references, "status_words": {"x": "frozen"}}
    types = {"station": {"fields": {"watts": {}, "names": {}}}}
    assert plugin.HttpSettings(base_url="http://w", lists=[section], types=types).lists[0].references


async def test_a_truth_is_a_word_of_status_too():
    section = {**STATION, "fields": {"status": "up"}, "status_words": {"true": "online", "false": "offline"}}
    harness = await polled([{"id": "a", "up": True}, {"id": "b", "up": False}], lists=[section])
    assert [item["status"] for item in harness.items("weather").values()] == ["online", "offline"]


@pytest.mark.parametrize(
    ("pages", "asked"),
    [
        ({"by": "cursor", "cursor": "page.next", "parameter": "after"}, [{}, {"after": "b"}]),
        ({"by": "offset"}, [{}, {"offset": "1"}, {"offset": "2"}]),
        ({"by": "number", "first": 0}, [{"page": "0"}, {"page": "1"}, {"page": "2"}]),
    ],
)
async def test_a_list_may_have_pages(pages, asked):
    answers = [{"data": [{"id": "a"}], "page": {"next": "b"}}, {"data": [{"id": "b"}], "page": {}}, {"data": []}]
    replies = iter(answers)
    section = {**STATION, "rows": "data", "pages": pages}
    harness = SourceHarness(plugin, lambda _: Reply(next(replies)), base_url="http://w", lists=[section])
    await harness.poll()
    assert harness.items("weather").keys() == {"station:a", "station:b"}
    assert [dict(request.query) for request in harness.requests] == asked


async def test_a_question_may_be_asked_by_post():
    section = {**STATION, "path": "/graphql", "rows": "data.stations", "body": {"query": "{ stations { id } }"}}
    harness = await polled({"data": {"stations": [{"id": "a"}]}}, lists=[section])
    assert harness.items("weather").keys() == {"station:a"}
    [request] = harness.requests
    assert (request.method, request.path, request.body) == ("POST", "/graphql", {"query": "{ stations { id } }"})


async def test_details_are_asked_about_one_item():
    harness = await polled()
    assert await harness.details("station:lviv") == {"altitude": 323, "since": "1951-06-01T00:00:00Z"}


async def test_a_message_changes_the_item_that_its_subject_names():
    harness = await polled()
    await harness.send("weather.reading.lviv", {"reading": {"celsius": 2}})
    assert harness.item("weather", "station:lviv")["celsius"] == 2
    assert harness.item("weather", "station:lviv")["measured_at"] == "2026-01-02T12:00:00Z"
    assert harness.item("weather", "station:lviv")["wind"] == 4.1
    assert await harness.send("weather.reading.odesa", {"reading": {"celsius": 9}}) == []


async def test_a_message_may_remove_an_item():
    harness = await polled()
    assert await harness.send("weather.station.closed", {"station": "kyiv"}) == [Drop("weather", "station:kyiv")]


async def test_a_message_may_create_an_item_where_nothing_is_listed():
    event = {"subject": "sea.buoy", "layer": "sea", "type": "buoy", "id": "n", "creates": True, "when": "n != '0'"}
    harness = await polled(lists=[], events=[event])
    await harness.send("sea.buoy", {"n": "0"})
    await harness.send("sea.buoy", {"n": 5})
    assert harness.items("sea").keys() == {"buoy:5"}


async def test_a_message_without_the_id_is_set_aside():
    harness = await polled()
    await harness.deliver("weather.station.closed", {})
    assert [one.error for one in harness.faults] == [
        "InvalidAnswer: payload: no id of a station can be made of None"
    ]


async def test_an_item_whose_time_is_long_ago_is_offline():
    section = {**STATION, "fields": {"status": "s", "seen_at": "t"}, "times": ["seen_at"], "alive": ["seen_at"]}
    rows = [{"id": "a", "s": "up", "t": "2026-01-02T11:59:30"}, {"id": "b", "s": "up", "t": "2026-01-02T11:00:00"}]
    harness = await polled(rows, lists=[section], alive_seconds=60)
    assert [item["status"] for item in harness.items("weather").values()] == ["online", "offline"]


def test_types_are_declared_with_the_words_that_are_given():
    source = TestContract().source
    station, region = source.types
    assert (station.name, station.home, station.label["uk"]) == ("station", ("weather", "items"), "Станція")
    assert station.statuses["frozen"].tone == "bad"
    assert [(one.name, one.kind, one.unit) for one in station.fields] == [
        ("celsius", "number", "°C"),
        ("wind", "number", "m/s"),
        ("measured_at", "time", ""),
    ]
    assert [(one.field, one.referrers["en"]) for one in station.relations] == [("node_id", "stations")]
    assert (region.home, region.place) == (("weather", "regions"), "district")
    assert [layer.title["uk"] for layer in source.layers] == ["Погода", "Погода"]


@pytest.mark.parametrize(
    ("settings", "place", "problem"),
    [
        ({"lists": [{**STATION, "id": "id["}]}, ("lists", 0, "id"), "'id[' is not JMESPath"),
        ({"lists": [{**STATION, "id": "max_bi(ids, &n)"}]}, ("lists", 0, "id"), "did you mean max_by?"),
        ({"lists": [{**STATION, "fields": {"a": "b..c"}}]}, ("lists", 0, "fields", "a"), "is not JMESPath"),
        (
            {"lists": [{**STATION, "fields": {"id": "b"}}]},
            ("lists", 0, "fields", "id", "[key]"),
            "is the id of the item itself",
        ),
        ({"lists": [{**STATION, "path": "stations"}]}, ("lists", 0, "path"), "a path begins with /: /stations"),
        ({"lists": [{**STATION, "idd": "x"}]}, ("lists", 0, "idd"), "Extra inputs"),
        ({"events": [{"subject": "a", "layer": "l", "type": "t"}]}, ("events", 0), "give either id"),
        ({"lists": [STATION], "types": {"statoin": {}}}, (), "types: nothing lists statoin (there are: station)"),
        ({"lists": [STATION], "layers": {"sky": {}}}, (), "layers: nothing lists sky (there are: weather)"),
        ({}, (), "give lists, events or both"),
        (
            {"lists": [{**STATION, "pages": {"by": "lnik"}}]},
            ("lists", 0, "pages"),
            "'cursor', 'link', 'offset', 'number'",
        ),
        (
            {"lists": [{**STATION, "rows": "a[0]", "pages": {"by": "link"}}]},
            ("lists", 0),
            "with pages, rows is a path",
        ),
        (
            {"lists": [STATION], "details": {"station": {"path": "/s"}}},
            ("details", "station", "path"),
            "a path of details holds {name}",
        ),
        (
            {"lists": [{**STATION, "fields": {"seen_at": "s"}, "times": ["sen_at"]}]},
            ("lists", 0),
            "times: sen_at is not one of the fields; did you mean seen_at?",
        ),
        (
            {"lists": [{**STATION, "fields": {"seen_at": "s"}, "alive": ["sen_at"]}]},
            (),
            "lists.0.alive: sen_at is not one of the fields; did you mean seen_at?",
        ),
        (
            {"lists": [{**STATION, "status_words": {"ready": "onlin"}}]},
            (),
            "lists.0.status_words: onlin is not there; did you mean online?",
        ),
        (
            {"lists": [{**STATION, "references": {"near": {"type": "statoin", "id": "near"}}}]},
            (),
            "lists.0.references.near.type: statoin is not there; did you mean station?",
        ),
        (
            {"lists": [{**STATION, "fields": {"cpu": "c"}}], "types": {"station": {"fields": {"cpuu": {}}}}},
            (),
            "types.station.fields: cpuu is not there; did you mean cpu?",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_place(settings, place, problem):
    with pytest.raises(ValidationError) as caught:
        plugin.HttpSettings(base_url="http://w", **settings)
    [error] = caught.value.errors()
    assert error["loc"] == place
    assert problem in error["msg"]
