"""Ids without their type: a payload that names what is hidden is not told to readers from whom it is hidden."""

import json
from datetime import UTC, datetime

import pytest

from livingmap.access.event_filter import WITHHELD
from livingmap.access.filtered_scenes import FilteredScenes
from livingmap.access.settings import ItemRule
from livingmap.access.view import Rights
from livingmap.core.fold import Fold, refreshed
from livingmap.core.model import Drop, Event, Position, Put
from livingmap.core.source import Layer, Source
from livingmap.history import Entry

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
HIDDEN_UUID = "6f0c1c1e-3d2f-4a52-9a6e-0a9d2f7c1e10"
SHOWN_UUID = "7d0c7a55-3a52-4b5d-9a6e-0a9d2f7c1e10"
RULES = (ItemRule(types=("agent",), field="microdao_id", type="microdao"),)
RIGHTS = Rights(grants=(frozenset({"microdao:river"}),), reports=False)

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
    {"uuid": SHOWN_UUID},
    {"count": 7, "price": 7.5},
    {"status": "online", "text": "all is well"},
]


class Map:
    """One agent that is shown and two that are hidden, for readers with ``RIGHTS``."""

    def __init__(self):
        source = Source(
            "talk",
            "talk-service",
            object,
            (Layer("agents", references=("microdao_id",)),),
            {"talk.*": self.answer},
        )
        self.changes = []
        self.seq = 0
        self.fold = Fold([source])
        self.scenes = FilteredScenes(self.fold, [source], RULES, lambda: Position("e", self.seq))
        self.apply(
            "livingmap.source.refreshed",
            refreshed(
                "talk",
                0,
                [
                    Put(
                        "agents",
                        "agent:oksana",
                        {"microdao_id": "microdao:river"},
                        (),
                        "items",
                        (f"agent:{SHOWN_UUID}",),
                    ),
                    Put(
                        "agents",
                        "agent:sofia",
                        {"microdao_id": "microdao:hill"},
                        (),
                        "items",
                        (f"agent:{HIDDEN_UUID}",),
                    ),
                    Put("agents", "agent:7", {"microdao_id": "microdao:hill"}),
                ],
            ).payload,
        )
        self.scenes.of(RIGHTS)

    def answer(self, event, part):
        return self.changes

    def apply(self, kind, payload):
        self.seq += 1
        folded = self.fold.apply(Event(Position("e", self.seq), kind, payload, NOON))
        assert not folded.faults
        self.scenes.take(folded)
        return folded

    def visible(self, payload, *changes):
        self.changes = list(changes)
        return self.scenes.visible(self.apply("talk.said", payload), RIGHTS)

    def entry(self, payload):
        return self.scenes.entry(Entry(Position("e", 9), "talk.said", payload, NOON), RIGHTS)


@pytest.mark.parametrize("payload", NAMES_WHAT_IS_HIDDEN, ids=json.dumps)
def test_a_payload_that_names_what_is_hidden_is_not_sent(payload):
    assert Map().visible(payload) is None
    assert Map().entry(payload) is None


@pytest.mark.parametrize("payload", NAMES_NOTHING_HIDDEN, ids=json.dumps)
def test_a_payload_that_names_nothing_hidden_is_sent_whole(payload):
    assert Map().visible(payload).public_payload == payload
    assert Map().entry(payload).payload == payload


def test_changes_of_what_is_shown_are_sent_without_a_payload_that_names_what_is_hidden():
    change = Put("agents", "agent:oksana", {"status": "busy"})
    visible = Map().visible({"agent": "oksana", "by": "sofia"}, change)
    assert (visible.event.type, visible.public_payload, visible.changes) == (WITHHELD, {}, (change,))


def test_a_reader_is_told_that_something_it_saw_went_and_not_that_something_hidden_did():
    shown, hidden = Map(), Map()
    assert shown.visible({"agent": "oksana"}, Drop("agents", "agent:oksana")).public_payload == {"agent": "oksana"}
    assert hidden.visible({"agent": "sofia"}, Drop("agents", "agent:sofia")) is None


def test_an_id_is_hidden_from_the_moment_that_it_comes_to_be():
    living = Map()
    assert living.visible({"who": "petro"}) is not None
    put = Put("agents", "agent:petro", {"microdao_id": "microdao:hill"}, (), "items", ("agent:p-1",))
    assert living.visible({"who": "petro"}, put) is None
    assert living.visible({"who": "p-1"}) is None
