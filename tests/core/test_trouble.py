"""What is wrong with a thing: the table that the page is held to, too."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livingmap.core.source import Source
from livingmap.core.trouble import QuickLook, Trouble, severity_of_status, telling_fields, trouble_of, troubles_of
from livingmap.core.types import Status, Type
from livingmap.core.vocabulary import Vocabulary

SHARED = json.loads((Path(__file__).parents[2] / "frontend" / "tests" / "troubles.json").read_text())
TYPES = [
    Type(
        name,
        ("things", "items"),
        status=one["status"],
        statuses={status: Status(tone) for status, tone in one["statuses"].items()},
    )
    for name, one in SHARED["types"].items()
]
VOCABULARY = Vocabulary([Source("things", "thing-service", object, (), types=TYPES)])


@pytest.mark.parametrize("case", SHARED["cases"], ids=json.dumps)
def test_the_troubles_of_a_thing_are_those_of_the_page(case):
    troubles = troubles_of(VOCABULARY, case["type"], case["fields"])
    assert [[one.kind, one.severity, one.text] for one in troubles] == case["troubles"]


@pytest.mark.parametrize("case", SHARED["cases"], ids=json.dumps)
def test_the_trouble_of_a_thing_is_the_gravest_and_of_equal_ones_the_first(case):
    troubles = [Trouble(severity, kind, text) for kind, severity, text in case["troubles"]]
    critical = [one for one in troubles if one.is_critical]
    assert trouble_of(VOCABULARY, case["type"], case["fields"]) == next(iter([*critical, *troubles]), None)


@pytest.mark.parametrize("name", [*SHARED["types"], "station"])
def test_the_statuses_that_a_type_lists_as_trouble_are_trouble(name):
    assert all(severity_of_status(VOCABULARY, name, status) for status in VOCABULARY.trouble(name))


QUICK_LOOK = QuickLook(VOCABULARY)
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.floats(allow_nan=False),
    st.sampled_from(["online", "OFFLINE ", "degraded", "failed", "odd", ""]),
    st.just([{"severity": "critical"}]),
)


@pytest.mark.parametrize("case", SHARED["cases"], ids=json.dumps)
def test_a_quick_look_clears_nothing_that_is_in_trouble(case):
    assert not (case["troubles"] and QUICK_LOOK.clears(case["type"], case["fields"]))


@given(
    st.sampled_from([*SHARED["types"], "station"]),
    st.dictionaries(st.sampled_from(["status", "state", "alerts", "cpu", "memory"]), VALUES),
    st.one_of(
        st.just({}), st.fixed_dictionaries({"metrics": st.dictionaries(st.sampled_from(["gpu", "ram"]), VALUES)})
    ),
)
def test_a_quick_look_is_never_wrong_when_it_clears(type_, fields, metrics):
    item = {**fields, **metrics}
    assert not (QUICK_LOOK.clears(type_, item) and troubles_of(VOCABULARY, type_, item))


def test_a_quick_look_clears_what_is_well():
    assert QUICK_LOOK.clears("station", {"status": "online", "alerts": [], "metrics": {"cpu": 0.5}})
    assert QUICK_LOOK.clears("station", {"status": "online"})
    assert QUICK_LOOK.clears("station", {"cpu": 0.5, "memory": None})


@given(st.sampled_from([*SHARED["types"], "station"]), st.dictionaries(st.sampled_from(["name", "size"]), VALUES))
def test_only_the_telling_fields_can_mean_trouble(type_, fields):
    assert {"name", "size"}.isdisjoint(telling_fields(VOCABULARY, type_, "status"))
    assert troubles_of(VOCABULARY, type_, fields) == []


def test_the_field_that_a_type_names_tells_first_and_then_the_status():
    assert (
        telling_fields(VOCABULARY, "station", "status")
        == telling_fields(VOCABULARY, "node", "status")
        == ("status",)
    )
    assert telling_fields(VOCABULARY, "dao", "status") == ("health", "status")
    assert telling_fields(VOCABULARY, "target", "status") == ("probe.state", "probe", "status")
    assert telling_fields(VOCABULARY, "target", "alert") == ("alerts",)
    assert telling_fields(VOCABULARY, "dao", "load") == ("metrics", "cpu", "gpu", "ram", "memory")


def test_an_alert_that_says_nothing_is_a_warning_without_words():
    assert troubles_of(VOCABULARY, "node", {"alerts": [{}]}) == [Trouble("warning", "alert", "")]
