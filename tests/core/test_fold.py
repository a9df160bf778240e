"""Promises of the fold: how far the words of one source's handlers reach."""

from datetime import UTC, datetime

import pytest

from livingmap.core.fold import Fold
from livingmap.core.model import Drop, Event, Position, Put, Total
from livingmap.core.source import Layer, Source

ORCHARD = Source(
    "orchard",
    "orchard-service",
    object,
    (Layer("orchard", "trees"),),
    {"tree.*": lambda event, part: event.payload["changes"]},
)
VILLAGE = Source("village", "village-service", object, (Layer("village"), Layer("orchard", "wells")))

OUTSIDE = [
    (Put("village", "house:1", {"name": "Mill"}), "village.items"),
    (Put("orchard", "well:1", {"name": "Well"}, collection="wells"), "orchard.wells"),
    (Put("village", "house:1", {"name": "Mill"}, creates=False), "village.items"),
    (Drop("village", "house:0"), "village.items"),
    (Total("village", {"houses": 9}), "village"),
]


def fold():
    """Return a fold on which the village already has a house."""
    made = Fold([ORCHARD, VILLAGE])
    made.scene.apply("village", [Put("village", "house:0", {"name": "Barn"})], 1)
    return made


def send(made, *changes, seq=2):
    """Let the orchard's handler return ``changes``."""
    return made.apply(
        Event(Position("e", seq), "tree.moved", {"changes": changes}, datetime(2026, 1, 2, tzinfo=UTC))
    )


@pytest.mark.parametrize(("change", "target"), OUTSIDE)
def test_a_handler_may_not_touch_a_layer_that_its_source_does_not_declare(change, target):
    made = fold()
    folded = send(made, change)
    (fault,) = folded.faults
    assert fault.source == "orchard"
    assert f"changed {target}, which its Source does not declare" in fault.error
    assert folded.changes == ()
    assert dict(made.scene.items("village", "items")) == {"house:0": {"name": "Barn"}}
    assert dict(made.scene.totals("village")) == {}


@pytest.mark.parametrize(("change", "_"), OUTSIDE)
def test_of_an_event_that_reaches_too_far_nothing_is_taken(change, _):
    made = fold()
    send(made, Put("orchard", "tree:1", {"name": "Apple"}, collection="trees"), change)
    assert dict(made.scene.items("orchard", "trees")) == {}


def test_what_a_source_declares_its_handlers_may_touch():
    made = fold()
    apple = Put("orchard", "tree:1", {"name": "Apple"}, collection="trees")
    assert send(made, apple, Total("orchard", {"trees": 1})).faults == ()
    assert dict(made.scene.items("orchard", "trees")) == {"tree:1": {"name": "Apple"}}
    assert dict(made.scene.totals("orchard")) == {"trees": 1}
