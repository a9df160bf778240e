"""Ids without their type: a payload that names what is hidden is not sent to readers that may not see it."""

import json

import pytest

from livingmap.access.event_filter import WITHHELD
from livingmap.core.model import Drop, Put
from tests.access.small_map import HIDDEN_UUID, SHOWN_UUID, SmallMap

NAMES_WHAT_IS_HIDDEN = [
    {"agent": "sofia"},
    {"agents": ["oksana", "sofia"]},
    {"agent_id": "sofia"},
    {"agent_ids": ["oksana", "sofia"]},
    {"agent_id": 7},
    {"agent": 7},
    {"target_agent": "sofia"},
    {"target_agent_id": "sofia"},
    {"agentId": "sofia"},
    {"targetAgentIds": ["sofia"]},
    {"agent_uuid": HIDDEN_UUID},
    {"agent_slug": "sofia"},
    {"agent": {"id": "sofia"}},
    {"agents": [{"slug": "sofia"}]},
    {"id": "sofia"},
    {"who": "sofia"},
    {"who": ["oksana", "sofia"]},
    {"uuid": HIDDEN_UUID},
    {"deep": [{"er": {"who": HIDDEN_UUID}}]},
    {"agents": {"oksana": 1, "sofia": 2}},
    {"loads": {HIDDEN_UUID: 2}},
    {"who": " sofia "},
    {"agent": "somebody-of-old"},
    {"agent": {"id": "somebody-of-old"}},
    {"agents": ["somebody-of-old"]},
    {"boss": "sofia"},
    {"agent:sofia": 1},
    {"loads": {"agent:sofia": 2}},
    {"who": "agent:sofia"},
    {"text": "it was agent:sofia."},
]
NAMES_NOTHING_HIDDEN = [
    {},
    {"agent": "oksana"},
    {"agents": ["oksana"]},
    {"agents": 7},
    {"agent": None},
    {"agent": True},
    {"agent": "Sofia, the second of that name"},
    {"agent_id": "oksana", "status": "busy"},
    {"agent": {"id": "oksana", "name": "Oksana"}},
    {"agent": 8},
    {"agent_ids": [8, "oksana"]},
    {"uuid": SHOWN_UUID},
    {"count": 7, "price": 7.5},
    {"status": "online", "text": "all is well"},
]


@pytest.mark.parametrize("payload", NAMES_WHAT_IS_HIDDEN, ids=json.dumps)
def test_a_payload_that_names_what_is_hidden_is_not_sent(payload):
    assert SmallMap().visible(payload) is None
    assert SmallMap().entry(payload) is None


@pytest.mark.parametrize("payload", NAMES_NOTHING_HIDDEN, ids=json.dumps)
def test_a_payload_that_names_nothing_hidden_is_sent_whole(payload):
    assert SmallMap().visible(payload).public_payload == payload
    assert SmallMap().entry(payload).payload == payload


def test_changes_of_what_is_shown_are_sent_without_a_payload_that_names_what_is_hidden():
    change = Put("agents", "agent:oksana", {"status": "busy"})
    visible = SmallMap().visible({"agent": "oksana", "by": "sofia"}, change)
    assert (visible.event.type, visible.public_payload, visible.changes) == (WITHHELD, {}, (change,))


def test_the_drop_of_an_item_is_sent_to_readers_that_saw_it_and_to_no_others():
    shown, hidden = SmallMap(), SmallMap()
    assert shown.visible({"agent": "oksana"}, Drop("agents", "agent:oksana")).public_payload == {"agent": "oksana"}
    assert hidden.visible({"agent": "sofia"}, Drop("agents", "agent:sofia")) is None


def test_an_id_is_hidden_from_the_moment_that_it_comes_to_be():
    living = SmallMap()
    assert living.visible({"who": "petro"}) is not None
    put = Put("agents", "agent:petro", {"microdao_id": "microdao:hill"}, (), "items", ("agent:p-1",))
    assert living.visible({"who": "petro"}, put) is None
    assert living.visible({"who": "p-1"}) is None


def test_a_word_names_nothing_once_its_item_has_gone():
    small = SmallMap()
    assert small.visible({"who": "sofia"}) is None
    small.poll(Drop("agents", "agent:sofia"))
    assert small.visible({"who": "sofia"}).public_payload == {"who": "sofia"}
