"""What an event names is what its takers call so: in their namespaces, and where several things claim an id."""

import pytest

from livingmap.access.event_filter import WITHHELD
from livingmap.access.filtered_scenes import FilteredScenes
from livingmap.access.view import Rights
from livingmap.core.fold import Fold, refreshed
from livingmap.core.model import Event, Position, Put
from livingmap.core.source import Layer, Source
from livingmap.history import Entry
from tests.access.small_map import HILL, NOON, RIGHTS, RIVER, RULES

LAYERS = (Layer("agents", references=("microdao_id",)),)


class Taken:
    """A map of two sources that take messages. Readers with `RIGHTS` are shown the agents of the river."""

    def __init__(self, one, two, namespace=""):
        self.sources = [
            Source(
                "one", "s", object, LAYERS, {"one.*": self._handle, "both.*": self._handle}, namespace=namespace
            ),
            Source("two", "s", object, LAYERS, {"two.*": self._handle, "both.*": self._handle}),
        ]
        self.fold = Fold(self.sources)
        self.seq = 0
        self.scenes = FilteredScenes(self.fold, self.sources, RULES, lambda: Position("e", self.seq))
        self.poll("one", one)
        self.poll("two", two)
        self.scenes.of(RIGHTS)

    def _handle(self, event, part):
        return []

    def poll(self, source, changes):
        message = refreshed(source, self.seq, changes)
        self._apply(message.type, message.payload)

    def _apply(self, kind, payload):
        self.seq += 1
        folded = self.fold.apply(Event(Position("e", self.seq), kind, payload, NOON))
        assert not folded.faults
        self.scenes.take(folded)
        return self.scenes.visible(folded, RIGHTS)

    def is_sent(self, kind, **payload):
        """Tell whether a message that names something is sent: on the stream, and alike in the history."""
        visible = self._apply(kind, payload)
        entry = self.scenes.entry(Entry(Position("e", self.seq), kind, payload, NOON), RIGHTS)
        assert (visible is not None) == (entry is not None)
        return visible is not None


def agent(name, fields, *aliases, **namespaces):
    return Put("agents", f"agent:{name}", fields, aliases=aliases, namespaces=namespaces)


@pytest.mark.parametrize(
    ("of_one", "of_two", "sent"),
    [
        (RIVER, RIVER, {"one.said", "two.said", "both.said"}),
        (RIVER, HILL, {"one.said"}),
        (HILL, RIVER, {"two.said"}),
        (HILL, HILL, set()),
    ],
)
def test_of_an_id_that_several_claim_what_its_takers_mean_has_to_be_shown(of_one, of_two, sent):
    claims = {"agent:x": "slug"}, {"agent:x": "external"}
    one = Put("agents", "agent:x", of_one, aliases=("agent:1",), namespaces=claims[0])
    two = Put("agents", "agent:second", of_two, aliases=("agent:x",), namespaces=claims[1])
    taken = Taken([one], [two])
    assert taken.fold.scene.is_contested("agent:x")
    for names in ({"by": "agent:x"}, {"agent": "x"}, {"agent": {"slug": "x"}}):
        assert {kind for kind in ("one.said", "two.said", "both.said") if taken.is_sent(kind, **names)} == sent


@pytest.mark.parametrize("named", [{"by": "agent:x"}, {"agent": "x"}, {"who": "x"}])
def test_a_message_of_a_source_in_a_namespace_names_things_without_it(named):
    hidden_inside = Taken([agent("eu/x", HILL)], [agent("x", RIVER)], "eu")
    assert not hidden_inside.is_sent("one.said", **named)
    assert not hidden_inside.is_sent("both.said", **named)
    assert not Taken([agent("eu/x", HILL)], [agent("other", RIVER)], "eu").is_sent("one.said", **named)
    assert Taken([agent("eu/x", RIVER)], [agent("other", RIVER)], "eu").is_sent("one.said", **named)


def test_a_message_of_a_source_in_no_namespace_names_what_is_in_none():
    taken = Taken([agent("eu/x", HILL)], [agent("x", RIVER)], "eu")
    assert taken.is_sent("two.said", by="agent:x")
    assert not Taken([agent("eu/x", RIVER)], [agent("x", HILL)], "eu").is_sent("two.said", by="agent:x")


def test_what_is_named_and_stands_nowhere_is_hidden_by_its_type():
    taken = Taken([agent("eu/x", RIVER)], [], "eu")
    assert not taken.is_sent("one.said", by="agent:absent")
    assert taken.is_sent("one.said", by="star:absent")
    assert taken.is_sent("one.said", by="agent:eu/x")


def test_of_an_id_that_several_claim_in_a_namespace_what_its_taker_means_has_to_be_shown():
    one = Put("agents", "agent:eu/x", HILL, aliases=("agent:eu/1",), namespaces={"agent:eu/x": "slug"})
    two = Put("agents", "agent:second", RIVER, aliases=("agent:eu/x",), namespaces={"agent:eu/x": "external"})
    taken = Taken([one], [two], "eu")
    assert taken.fold.scene.is_contested("agent:eu/x")
    assert not taken.is_sent("one.said", agent="x")
    assert not taken.is_sent("both.said", agent="x")


def test_readers_of_everything_in_a_layer_are_sent_all_that_is_said_of_it():
    taken = Taken([agent("x", HILL)], [])
    taken.scenes.of(Rights(layers=frozenset({"agents"})))
    folded = taken.fold.apply(Event(Position("e", 3), "one.said", {"by": "agent:x"}, NOON))
    taken.scenes.take(folded)
    rights = Rights(layers=frozenset({"agents"}))
    assert taken.scenes.visible(folded, rights).event.type == "one.said" != WITHHELD
