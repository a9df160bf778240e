"""Changes in words, by what a map says of its types."""

import pytest

from livingmap.client import ChangeTexts, MapClient
from livingmap.client.changes import listed

NODE = {
    "name": "node",
    "status": "state",
    "statuses": {
        "offline": {"tone": "bad", "label": "not there"},
        "load.high": {"tone": "warn", "label": "overloaded"},
    },
    "fields": [
        {"name": "metrics.cpu", "label": "CPU", "kind": "ratio", "unit": ""},
        {"name": "latency", "label": "latency", "kind": "number", "unit": "ms"},
    ],
    "relations": [{"field": "room_id", "label": "at"}],
}
TYPES = {"types": [NODE], "layers": []}
NOON = "2026-01-02T12:00:00Z"


def change(entity_id="node:gpu-1", label="Hazel", came=False, went=False, layer="nodes", **fields):
    listed = [{"name": name, "from": before, "to": after} for name, (before, after) in fields.items()]
    place = {"layer": layer, "collection": "items", "id": entity_id, "label": label}
    return {"op": "put", **place, "came": came, "went": went, "fields": listed}


def lines(*changes, language="en", span=None):
    return ChangeTexts(TYPES, language).lines(changes, span)


@pytest.mark.parametrize(
    ("before", "after", "text"),
    [
        ("idle", "busy", "mood: idle → busy"),
        (None, 3, "mood: — → 3"),
        (1234567, 1234568.5, "mood: 1,234,567 → 1,234,568.5"),
        (False, True, "mood: no → yes"),
        ("1.10", "1.20", "mood: 1.10 → 1.20"),
        (["a", "b"], ["b", "c"], "mood: +c, -a"),
        ([], [{"severity": "high", "message": "disk full"}], "mood: +disk full"),
        ([], [{"type": "load.high", "cpu": 0.9}], "mood: +overloaded"),
        (
            [{"type": "load.high", "meta": {"gpu": 0.9}}, {"type": "a"}],
            [{"type": "a"}, {"type": "load.high", "meta": {"gpu": 0.95}, "since": 3}],
            "mood: overloaded: meta.gpu 0.9 → 0.95, overloaded: since — → 3",
        ),
        ({"a": 1, "b": {"c": 2}}, {"a": 1, "b": {"c": 3}}, "mood.b.c: 2 → 3"),
        (None, "x" * 100, f"mood: — → {'x' * 59}…"),
    ],
)
def test_a_field_says_what_it_was_and_what_it_became(before, after, text):
    assert lines(change(mood=(before, after))) == [f"node:gpu-1 “Hazel”  {text}"]


def test_statuses_fields_and_relations_are_called_as_their_type_says():
    fields = {"state": ("online", "offline"), "latency": (1.5, 2), "room_id": (None, "room:a")}
    assert lines(change(metrics=({"cpu": 0.5}, {"cpu": 0.912}), **fields)) == [
        "node:gpu-1 “Hazel”  state: online → not there; at: — → room:a; CPU: 50% → 91.2%; latency: 1.5 ms → 2 ms"
    ]


def test_in_ukrainian_the_words_are_of_that_language_as_far_as_there_are_any():
    assert lines(change(status=("idle", "online"), load=(1234.5, False)), language="uk") == [
        "node:gpu-1 “Hazel”  статус: чекає → в мережі; load: 1\u00a0234,5 → ні"
    ]
    assert lines(change(came=True), change("node:b", went=True, label="b"), language="uk") == [
        "node:gpu-1 “Hazel”  тепер є на мапі",
        "node:b  більше немає на мапі",
    ]
    assert [ChangeTexts({}, "uk").more(number) for number in (1, 2, 5)] == [
        "та ще 1 зміна",
        "та ще 2 зміни",
        "та ще 5 змін",
    ]


def test_a_thing_that_stands_in_several_layers_has_one_line():
    status = {"status": ("busy", "online")}
    assert lines(change(**status), change(layer="city", **status, load=(1, 2))) == [
        "node:gpu-1 “Hazel”  status: busy → online; load: 1 → 2"
    ]


def test_of_a_value_that_is_there_twice_the_declared_one_is_shown():
    twice = change(cpu=(0.5, 0.6), metrics=({"cpu": 0.5}, {"cpu": 0.6}))
    assert lines(twice, change(cpu=(0.5, 0.6))) == ["node:gpu-1 “Hazel”  CPU: 50% → 60%"]


def test_what_matters_comes_first():
    numbers, words = change("node:a", label="a", load=(1, 2)), change("node:b", label="b", mood=("x", "y"))
    status, gone = change("node:c", label="c", state=("online", "offline")), change("node:d", label="d", went=True)
    total = {**change(None, None, load=(1, 2)), "op": "total"}
    assert [line.split()[0] for line in lines(numbers, total, words, status, gone)] == [
        "node:c",
        "node:d",
        "node:b",
        "node:a",
        "nodes",
    ]


def test_what_came_and_went_says_what_it_was():
    came = change(came=True, status=(None, "online"))
    assert lines(came) == ["node:gpu-1 “Hazel”  new on the map: status: online"]
    gone = change(went=True, status=("online", None))
    assert lines(gone) == ["node:gpu-1 “Hazel”  no longer on the map: status: online"]


def test_what_says_the_time_once_more_or_cannot_be_seen_is_left_out():
    seen = {"seen_at": (None, "2026-01-02T12:00:01.5Z"), "load": (0.50001, 0.50002)}
    assert lines(change(**seen, ends_at=(None, "2026-01-03T12:00:00Z")), span=(NOON, NOON)) == [
        "node:gpu-1 “Hazel”  ends_at: — → 2026-01-03T12:00:00Z"
    ]
    assert lines(change(**seen), span=(NOON, NOON)) == []
    assert lines(change(seen_at=seen["seen_at"])) == ["node:gpu-1 “Hazel”  seen_at: — → 2026-01-02T12:00:01.5Z"]


def test_a_change_of_a_difference_reads_like_one_of_the_history():
    place = {"layer": "nodes", "collection": "items", "id": "node:a"}
    put = {"op": "put", **place, "set": {"status": "busy"}, "unset": ["mood"], "was": {"mood": "calm"}}
    came = {"op": "put", **place, "id": "node:b", "set": {"name": "Bo"}, "unset": [], "was": {}, "came": True}
    drop = {"op": "drop", **place, "id": "node:c", "was": {"title": "Cedar"}}
    total = {"op": "total", "layer": "nodes", "set": {"online": 2}, "unset": [], "was": {"online": 3}}
    assert lines(*(listed(one, {"node:a": "Ash"}) for one in (put, came, drop, total))) == [
        "node:a “Ash”  status: — → busy; mood: calm → —",
        "node:b “Bo”  new on the map",
        "node:c “Cedar”  no longer on the map",
        "nodes  online: 3 → 2",
    ]


def test_a_long_change_is_cut():
    fields = {f"field_{number}": (0, 1) for number in range(20)}
    assert lines(change(**fields))[0].endswith("field_11: 0 → 1; …")


async def test_a_map_that_does_not_answer_has_plain_names():
    async with MapClient("http://127.0.0.1:9") as client:
        texts = await ChangeTexts.of(client, "fr")
    assert texts.lines([change(state=("online", "offline"))]) == ["node:gpu-1 “Hazel”  state: online → offline"]
