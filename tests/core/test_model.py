import json

import pytest

from livingmap.core.model import (
    Drop,
    Position,
    Put,
    Total,
    change_from_json,
    change_to_json,
    id_and_aliases,
    id_of,
    id_or_none,
    namespaces_of,
    typed_id,
)

PUT = Put("agents", "agent:a", {"x": 1}, ("y",), "rooms", ("agent:b",), creates=False)


@pytest.mark.parametrize(
    ("change", "wire"),
    [
        (
            PUT,
            {
                "op": "put",
                "layer": "agents",
                "collection": "rooms",
                "id": "agent:a",
                "set": {"x": 1},
                "unset": ["y"],
                "aliases": ["agent:b"],
                "creates": False,
            },
        ),
        (
            Put("agents", "agent:a", namespaces={"agent:a": "slug"}),
            {
                "op": "put",
                "layer": "agents",
                "collection": "items",
                "id": "agent:a",
                "set": {},
                "unset": [],
                "namespaces": {"agent:a": "slug"},
            },
        ),
        (
            Put("agents", "agent:a"),
            {"op": "put", "layer": "agents", "collection": "items", "id": "agent:a", "set": {}, "unset": []},
        ),
        (
            Drop("agents", "agent:a", "rooms"),
            {"op": "drop", "layer": "agents", "collection": "rooms", "id": "agent:a"},
        ),
        (Total("agents", {"n": 1}, ("m",)), {"op": "total", "layer": "agents", "set": {"n": 1}, "unset": ["m"]}),
    ],
)
def test_a_change_has_one_wire_form(change, wire):
    assert change_to_json(change) == wire
    assert change_from_json(json.loads(json.dumps(wire))) == change


def test_what_is_no_change_is_refused():
    with pytest.raises(ValueError, match=r"^a change's op is put, drop or total, not 'PUT'$"):
        change_from_json({"op": "PUT"})
    with pytest.raises(KeyError):
        change_from_json({"layer": "agents"})


@pytest.mark.parametrize("entity_id", ["agent:a", "a_1:b c", "agent:a:b", "agent:ї", "agent:a\nb"])
def test_an_id_says_its_type(entity_id):
    assert typed_id(entity_id) == entity_id
    assert Put("agents", entity_id).id == Drop("agents", entity_id).id == entity_id


@pytest.mark.parametrize(
    "entity_id", ["sofia", "", ":", "agent:", "Agent:x", "1a:x", "_a:x", "a b:c", "agent: ", "agent: x", "ї:x"]
)
@pytest.mark.parametrize(
    "make",
    [lambda one: Put("agents", one), lambda one: Drop("agents", one), lambda one: Put("a", "a:a", aliases=(one,))],
)
def test_an_id_without_a_type_is_refused(entity_id, make):
    with pytest.raises(ValueError, match=r"does not say its type; write it like 'agent:sofia'$") as error:
        make(entity_id)
    assert str(error.value).startswith(f"id {entity_id!r} ")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("sofia", "agent:sofia"),
        ("agent:sofia", "agent:sofia"),
        (" 7 ", "agent:7"),
        (7, "agent:7"),
        ("agents:x", "agent:agents:x"),
    ],
)
def test_ids_say_their_type_once(value, expected):
    assert id_of("agent", value) == expected


def test_positions_of_one_epoch_are_ordered():
    assert Position("e", 9) < Position("e", 10)
    assert str(Position("0f-a", 10)) == "0f-a-10"


@pytest.mark.parametrize(("value", "expected"), [(None, None), ("", None), ("a", "agent:a"), (0, "agent:0")])
def test_an_empty_reference_is_none(value, expected):
    assert id_or_none("agent", value) == expected


@pytest.mark.parametrize(
    ("key", "names", "expected"),
    [
        ("7f", ("sofia", "sof"), ("agent:sofia", ("agent:sof", "agent:7f"))),
        ("7f", (None, "", "sof"), ("agent:sof", ("agent:7f",))),
        ("agent:7f", ("sofia",), ("agent:7f", ("agent:sofia",))),
        ("7f", (), ("agent:7f", ())),
        ("7f", ("7f", "sofia", "sofia"), ("agent:7f", ("agent:sofia",))),
    ],
)
def test_the_first_name_is_the_id_unless_the_key_says_its_type(key, names, expected):
    assert id_and_aliases("agent", key, *names) == expected


def test_of_equal_names_the_strongest_says_the_namespace():
    assert namespaces_of("node", external="node:gpu-1", uuid=None, key="", slug="gpu-1", number="7") == {
        "node:gpu-1": "external",
        "node:7": "number",
    }


def test_equal_ids_that_follow_one_another_are_one_object():
    assert id_of("agent", "SOFIA".lower()) is id_of("agent", "SOFIA".lower())
    assert [id_of("number", value) for value in (1, True, 1.0, ["a"])] == [
        "number:1",
        "number:True",
        "number:1.0",
        "number:['a']",
    ]
