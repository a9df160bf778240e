"""Laws of the reducer: over traces of the real map, the very ones that the TypeScript reducer is held to."""

import copy
import json
import random
import tempfile
from pathlib import Path

import pytest

from livingmap.client import LayerState, Replica, layers_of, reduce, state_of
from livingmap.client.messages import read
from livingmap.core.reducer import Draft
from tests.support.traces import record

STEPS = 120


@pytest.fixture(scope="module")
def seed():
    return random.randrange(2**31)


@pytest.fixture
async def trace(seed):
    """What a viewer of the real map is sent, and what the snapshot is each time."""
    with tempfile.TemporaryDirectory() as folder:
        return [line async for line in record(seed, STEPS, Path(folder))]


async def test_after_every_message_the_state_is_the_snapshot_of_the_map(trace, seed):
    replica, compared = Replica(), 0
    for line in trace:
        replica.take(read(json.dumps(line["message"])))
        if "layers" in line:
            compared += 1
            # as text: items have an order
            assert text(layers_of(replica.state)) == text(line["layers"]), f"seed {seed}"
    assert compared > STEPS // 4
    assert {line["message"]["kind"] for line in trace} >= {"snapshot", "event", "changes"}


def text(layers):
    return json.dumps(layers, sort_keys=True)


async def test_a_state_that_nobody_looked_at_between_the_messages_is_the_same(trace):
    one, many = Replica(), Replica()
    for line in trace:
        one.take(line["message"])
        many.take(line["message"])
        assert one.state is one.state
    assert many.state == one.state
    assert many.cursor == one.cursor == trace[-1]["message"]["cursor"]


async def test_nothing_that_was_handed_out_ever_changes(trace):
    replica, handed_out = Replica(), []
    for line in trace:
        replica.take(line["message"])
        if len(handed_out) < 50:
            handed_out.append((replica.state, copy.deepcopy(replica.state)))
    assert all(state == before for state, before in handed_out)


AGENT_D = {"id": "agent:d", "name": "D"}
STATE = state_of(
    {
        "city": {"health": "green", "items": [{"id": "microdao:a", "name": "A"}], "rooms": []},
        "agents": {"items": [{"id": "agent:b", "name": "B"}, AGENT_D]},
    }
)


def put(entity_id, unset=(), **fields):
    where = {"layer": "agents", "collection": "items", "id": entity_id}
    return {"op": "put", **where, "set": fields, "unset": list(unset)}


def drop(entity_id, layer="agents", collection="items"):
    return {"op": "drop", "layer": layer, "collection": collection, "id": entity_id}


def total(layer, unset=(), **fields):
    return {"op": "total", "layer": layer, "set": fields, "unset": list(unset)}


def test_lists_of_items_become_collections_and_all_else_totals():
    layer = {"tags": ["a"], "counts": {"items": 2}, "none": None, "items": [{"id": "a:b"}], "rooms": []}
    assert state_of({"city": layer}) == {
        "city": LayerState(
            {"tags": ["a"], "counts": {"items": 2}, "none": None}, {"items": {"a:b": {"id": "a:b"}}, "rooms": {}}
        )
    }


def test_what_a_change_does_not_touch_is_shared():
    after = reduce(STATE, [put("agent:b", name="Bo")])
    assert after["agents"].items()["agent:b"] == {"id": "agent:b", "name": "Bo"}
    assert after["city"] is STATE["city"]
    assert after["agents"].totals is STATE["agents"].totals
    assert after["agents"].items()["agent:d"] is STATE["agents"].items()["agent:d"]
    assert STATE["agents"].items()["agent:b"] == {"id": "agent:b", "name": "B"}


def test_without_changes_the_state_stays_itself():
    assert reduce(STATE, []) is STATE


def test_items_are_in_order_of_id_by_code_point():
    after = reduce(STATE, [put("agent:c"), put("agent:\U0001f30d"), put("agent:\uff5e"), put("agent:a")])
    assert list(after["agents"].items()) == [
        "agent:a",
        "agent:b",
        "agent:c",
        "agent:d",
        "agent:\uff5e",
        "agent:\U0001f30d",
    ]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ([put("agent:b", ["name"], mood="calm")], {"items": [{"id": "agent:b", "mood": "calm"}, AGENT_D]}),
        ([put("agent:b", ["nothing"])], {"items": [{"id": "agent:b", "name": "B"}, AGENT_D]}),
        ([drop("agent:b"), drop("agent:b"), drop("agent:nobody")], {"items": [AGENT_D]}),
        ([drop("agent:b"), put("agent:b", age=1)], {"items": [{"id": "agent:b", "age": 1}, AGENT_D]}),
        ([total("agents", online=3)], {"online": 3, "items": [{"id": "agent:b", "name": "B"}, AGENT_D]}),
        (
            [total("agents", online=3), total("agents", ["online"])],
            {"items": [{"id": "agent:b", "name": "B"}, AGENT_D]},
        ),
    ],
)
def test_changes_are_applied_in_their_order(changes, expected):
    assert layers_of(reduce(STATE, changes))["agents"] == expected


def test_layers_and_collections_appear_with_their_first_change():
    after = reduce({}, [total("sky", wind=1), drop("star:a", "sky", "stars")])
    assert layers_of(after) == {"sky": {"wind": 1, "stars": []}}


def test_a_draft_goes_on_after_its_state_was_read():
    draft = Draft(STATE)
    draft.apply(put("agent:b", name="1"))
    before = draft.state()
    assert draft.state() is before
    draft.apply(put("agent:b", name="2"))
    assert before["agents"].items()["agent:b"]["name"] == "1"
    assert draft.state()["agents"].items()["agent:b"]["name"] == "2"
