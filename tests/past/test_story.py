"""What happened between two moments, as a story: planted ones, in both languages."""

from datetime import timedelta
from types import MappingProxyType

import pytest

from livingmap.core.source import Layer, Source
from livingmap.core.types import Status, Type
from livingmap.core.vocabulary import Vocabulary
from livingmap.history.memory import MemoryHistory
from livingmap.history.rollups import Episode
from livingmap.past.happened import by_type, happened
from livingmap.past.occasions import times_of
from livingmap.past.story import in_time, story
from tests.past.stories import LAYERS, TYPES, Story, at, drop, put

PROPOSAL = Type(
    "proposal",
    ("dao", "proposals"),
    label={"en": "Proposal", "uk": "Пропозиція"},
    counts={
        "en": {"one": "proposal", "other": "proposals"},
        "uk": {"one": "пропозиція", "few": "пропозиції", "many": "пропозицій", "other": "пропозиції"},
    },
    statuses={
        "active": Status("busy", {"en": "open", "uk": "триває"}),
        "passed": Status("good", {"en": "passed", "uk": "ухвалено"}),
    },
)
LAYER = Layer("dao", "proposals")
VOCABULARY = Vocabulary([Source("things", "thing-service", object, (*LAYERS, LAYER), types=(*TYPES, PROPOSAL))])
START, END = at("01:00"), at("15:00")


class Scene:
    """A scene of some items."""

    vocabulary = VOCABULARY

    def __init__(self, items):
        self._items = items

    def items(self, layer, collection):
        return {one: fields for (place, one), fields in self._items.items() if place == (layer, collection)}


def scenes(*changes):
    """Return the scenes before and after changes: what is named there has a name."""
    items = {}
    for change in changes:
        name = change["id"].partition(":")[2].title()
        items[(change["layer"], change["collection"]), change["id"]] = {"name": name}
    return Scene(items), Scene(items)


def episode(entity_id, began, ended, severity="critical", kind="status", status="offline"):
    name, _, rest = entity_id.partition(":")
    layer = {"node": "nodes", "agent": "agents", "dao": "space"}[name]
    times = at(began), at(ended) if ended else None
    return Episode(entity_id, name, layer, rest.title(), kind, status, severity, *times)


def came(entity_id):
    return put(entity_id) | {"came": True}


def closed(number, status="passed"):
    where = {"layer": "dao", "collection": "proposals", "id": f"proposal:{number}"}
    return {"op": "put", **where, "set": {"status": status}, "unset": [], "was": {"status": "active"}}


def steps_of(changes=(), episodes=(), language="en", times=MappingProxyType({})):
    result = happened(*scenes(*changes), changes, episodes, START, END)
    steps = story(result, language)
    occasions = [one for step in steps for one in step.occasions]
    return in_time(steps, {one: times[one.entity_id] for one in occasions if one.entity_id in times})


def texts(*arguments, **more):
    return [one.text for one in steps_of(*arguments, **more)]


NIGHT = [
    came("agent:a"),
    came("agent:b"),
    came("agent:c"),
    came("agent:d"),
    drop("node:oldie"),
    closed(1),
    closed(2),
    put("dao:oak", treasury="1240.50") | {"was": {"treasury": "1120.5"}},
]
RED = [episode("node:hazel-15", "02:10", "02:44")]


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        (
            "en",
            [
                "4 new agents",
                "Hazel-15: offline",
                "2 proposals: passed",
                "1 node gone (Oldie)",
                "Oak: treasury +120",
            ],
        ),
        (
            "uk",
            [
                "Нове: 4 агенти",
                "Hazel-15: не на зв'язку",
                "2 пропозиції: ухвалено",
                "Зникло: 1 вузол (Oldie)",
                "Oak: скарбниця +120",
            ],
        ),
    ],
)
def test_a_night_is_told_in_order_of_time(language, expected):
    times = {
        "agent:a": at("01:30"),
        "agent:b": at("01:30"),
        "agent:c": at("02:00"),
        "agent:d": at("03:00"),
        "proposal:1": at("04:00"),
        "proposal:2": at("04:00"),
        "node:oldie": at("05:00"),
        "dao:oak": at("06:00"),
    }
    steps = steps_of(NIGHT, RED, language, times)
    assert [one.text for one in steps] == expected
    assert [(one.at, one.until) for one in steps[:3]] == [
        (at("01:30"), at("03:00")),
        (at("02:10"), at("02:44")),
        (at("04:00"), None),
    ]
    assert [one.kind for one in steps] == ["came", "trouble", "changed", "went", "number"]
    assert [(one.layer, one.severity) for one in steps[:2]] == [("agents", None), ("nodes", "critical")]
    assert steps[0].ids == ("agent:a", "agent:b", "agent:c", "agent:d")


@pytest.mark.parametrize(
    ("count", "language", "text"),
    [
        (1, "en", "1 new agent (A1)"),
        (3, "en", "3 new agents (A1, A2, A3)"),
        (5, "en", "5 new agents"),
        (1, "uk", "Нове: 1 агент (A1)"),
        (5, "uk", "Нове: 5 агентів"),
        (22, "uk", "Нове: 22 агенти"),
        (1200, "en", "1,200 new agents"),
    ],
)
def test_things_are_counted_in_the_words_of_their_type(count, language, text):
    assert texts([came(f"agent:a{number}") for number in range(1, count + 1)], language=language) == [text]


def test_a_thing_without_a_name_is_counted_alone():
    assert texts([came("agent:f3148940-d3ef-4536-a7dc-b5a32d5ca9a0")]) == ["1 new agent"]


def test_a_type_without_words_is_counted_by_its_name():
    assert texts([came("weather_station:a"), came("weather_station:b")]) == ["2 new weather stations (A, B)"]


def test_what_is_in_trouble_says_what_is_wrong_and_whether_it_goes_on():
    episodes = [
        episode("node:a", "02:00", "03:00", kind="load", status="0.95"),
        episode("node:b", "04:00", None, kind="alert", status="disk full: 0.95"),
        episode("node:c", "04:30", None, kind="alert", status="OFFLINE"),
        episode("dao:oak", "00:30", "05:00", "warning", status="degraded"),
    ]
    steps = steps_of((), episodes)
    assert [(one.text, one.at, one.until) for one in steps] == [
        ("Oak: degraded", at("00:30"), at("05:00")),
        ("A: overloaded", at("02:00"), at("03:00")),
        ("B: disk full: 0.95", at("04:00"), None),
        ("C: offline", at("04:30"), None),
    ]


def test_what_is_in_trouble_again_and_again_is_one_step_and_what_gets_worse_is_one_trouble():
    episodes = [
        episode("node:a", "02:00", "02:10", "warning", status="degraded"),
        episode("node:a", "02:10", "02:20"),
        episode("node:a", "03:00", "03:10"),
    ]
    (step,) = steps_of((), episodes)
    assert (step.text, step.severity, step.at, step.until) == (
        "A: offline, 2 times",
        "critical",
        at("02:00"),
        at("03:10"),
    )
    assert texts((), episodes * 1, language="uk") == ["A: не на зв'язку, 2 рази"]


@pytest.mark.parametrize(
    ("language", "same", "different"),
    [
        ("en", "4 nodes: offline (0, 1 and 2 more)", "4 nodes in trouble (0, 1 and 2 more); 3 began, 2 ended"),
        (
            "uk",
            "4 вузли: не на зв'язку (0, 1 та ще 2)",
            "Негаразди: 4 вузли (0, 1 та ще 2); почалося: 3, скінчилося: 2",
        ),
    ],
)
def test_many_troubles_of_a_type_are_one_step(language, same, different):
    episodes = [episode(f"node:{number}", f"02:0{number}", "03:00") for number in range(4)]
    (step,) = steps_of((), episodes, language)
    assert (step.text, step.at, step.until) == (same, at("02:00"), at("03:00"))
    episodes[0] = episode("node:0", "00:30", None, kind="load", status="0.95")
    episodes[1] = episode("node:1", "02:01", None)
    (step,) = steps_of((), episodes, language)
    assert (step.text, step.at, step.until) == (different, at("00:30"), None)


def test_amounts_are_told_by_token_and_exactly():
    change = put("dao:oak", holdings={"RIPPLE": "0.3", "SILT": "7"}, treasury="7.3")
    change["was"] = {"holdings": {"RIPPLE": "0.1", "OLD": "5"}, "treasury": "5.1"}
    assert sorted(texts([change])) == [
        "Oak: holdings +0.2 RIPPLE",
        "Oak: holdings +7 SILT",
        "Oak: holdings -5 OLD",
    ]


def test_what_the_map_counts_itself_is_not_told_twice():
    change = put("dao:oak", treasury="7") | {"was": {"treasury": "5"}}
    result = happened(*scenes(change), [change], [], START, END)
    assert story(result, "en", lambda layer, name: (layer, name) == ("space", "treasury")) == []


def test_a_story_is_short_and_keeps_what_matters_most():
    changes = [put(f"dao:{number}", treasury="7") | {"was": {"treasury": "5"}} for number in range(9)]
    changes += [closed(number) for number in range(9)] + [came(f"agent:{number}") for number in range(9)]
    episodes = [episode(f"node:{number}", "02:00", None) for number in range(3)]
    episodes += [episode(f"agent:{number}", "02:00", None, "warning", status="degraded") for number in range(3)]
    episodes += [episode(f"dao:{number}", "02:00", None, "warning", status="degraded") for number in range(3)]
    steps = steps_of(changes, episodes)
    assert len(steps) == 12
    assert [one.kind for one in steps].count("trouble") == 9
    assert {"came", "changed"} <= {one.kind for one in steps}


def test_nothing_that_changes_all_the_time_and_nothing_from_elsewhere_is_told():
    lent = {**put("node:a", status="online"), "layer": "space", "collection": "planets", "came": True}
    assert texts([lent]) == []
    assert texts([closed(1, "active") | {"was": {"status": "passed"}}]) == ["1: open"]
    assert texts([put("agent:a", status="busy")]) == []


def test_what_happened_is_counted_by_type():
    result = happened(*scenes(*NIGHT), NIGHT, RED, START, END)
    types = {name: {type(one).__name__ for one in some} for name, some in by_type(result).items()}
    assert types == {"node": {"Moved", "Stretch"}, "agent": {"Moved"}, "dao": {"Moved"}, "proposal": {"Moved"}}
    assert [one.id for one in result.went] == ["node:oldie"]
    assert [one.id for one in result.changed] == ["proposal:1", "proposal:2", "dao:oak"]


def test_a_thing_that_stands_in_another_collection_neither_came_nor_went():
    moved = [drop("node:a"), came("node:a")]
    result = happened(*scenes(*moved), moved, [], START, END + timedelta(hours=1))
    assert (result.came, result.went) == ([], [])


def test_what_happened_at_a_time_that_is_not_known_has_the_whole_span():
    (step,) = steps_of([came("agent:a"), came("agent:b")], times={"agent:a": at("02:00")})
    assert (step.at, step.until) == (START, END)


async def test_what_changes_all_the_time_does_not_hide_when_it_came():
    told = Story(MemoryHistory())
    await told.tell(at("02:00"), came("agent:a"), came("agent:b"))
    await told.tell(at("02:01"), came("agent:c"), put("agent:a", status="busy"))
    for number in range(1100):
        await told.tell(at("03:00", number), put("agent:a", name=f"A{number}"))
    steps = story(happened(*scenes(), [came(f"agent:{name}") for name in "abcd"], [], START, END), "en")
    (step,) = steps
    times = await times_of(told.history, step.occasions, START, END)
    assert {one.entity_id: time for one, time in times.items()} == {
        "agent:a": at("02:00"),
        "agent:b": at("02:00"),
        "agent:c": at("02:01"),
    }


async def test_a_status_is_dated_by_what_set_it_and_what_went_by_its_end():
    told = Story(MemoryHistory())
    await told.tell(at("02:00"), closed(1), drop("node:oldie"))
    await told.tell(at("03:00"), closed(1) | {"set": {"title": "One"}})
    (changed, went) = sorted(steps_of([closed(1), drop("node:oldie")]), key=lambda one: one.kind)
    for step in (changed, went):
        assert list((await times_of(told.history, step.occasions, START, END)).values()) == [at("02:00")]
