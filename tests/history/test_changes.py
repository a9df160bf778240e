"""What the history keeps of how an event changed the map."""

import json

from livingmap.core.model import Drop, Put, Total, change_to_json
from livingmap.core.source import Layer, Source
from livingmap.core.vocabulary import Vocabulary
from livingmap.history.changes import MOST_CHANGES_BYTES, decoded, kept, sent

VOCABULARY = Vocabulary(
    [
        Source("a", "service", object, (Layer("nodes", volatile=("seen",)), Layer("agents"))),
        Source("b", "service", object, (Layer("nodes", volatile=("load",)),)),
    ]
)
NODE = {"name": "G", "seen": 7, "load": 0.5}


def test_a_change_is_kept_with_what_it_replaced_and_what_came_says_so():
    changes = (
        Put("agents", "agent:a", {"status": "busy"}, ("mood",), was={"status": "idle", "mood": "calm"}),
        Put("agents", "agent:b", {"name": "B"}, came=True),
        Drop("agents", "agent:c", was={"name": "C"}),
        Total("agents", {"total": 2}, was={"total": 1}),
    )
    assert decoded(kept(changes, VOCABULARY)) == [
        {**change_to_json(changes[0]), "was": {"status": "idle", "mood": "calm"}},
        {**change_to_json(changes[1]), "was": {}, "came": True},
        {**change_to_json(changes[2]), "was": {"name": "C"}},
        {**change_to_json(changes[3]), "was": {"total": 1}},
    ]
    assert [sent(change) for change in decoded(kept(changes, VOCABULARY))] == list(map(change_to_json, changes))


def test_what_fields_that_change_all_the_time_were_is_not_kept():
    changes = (
        Put("nodes", "node:g", {"seen": 8, "load": 1.0, "name": "H"}, was=NODE),
        Drop("nodes", "node:g", was=NODE),
        Put("agents", "agent:a", {"seen": 8}, was={"seen": 7}),  # volatile in another layer
    )
    stored = decoded(kept(changes, VOCABULARY))
    assert [change["was"] for change in stored] == [{"name": "G"}, {"name": "G"}, {"seen": 7}]
    assert stored[0]["set"] == {"seen": 8, "load": 1.0, "name": "H"}


def test_what_was_replaced_is_left_out_where_it_would_cost_the_changes():
    large = "x" * (MOST_CHANGES_BYTES - 1000)
    change = Put("agents", "agent:a", {"story": large}, was={"story": large[1:]})
    assert decoded(kept((change,), VOCABULARY)) == [change_to_json(change)]
    drop = Drop("agents", "agent:a", was={"story": 2 * large})
    assert decoded(kept((drop,), VOCABULARY)) == [change_to_json(drop)]


def test_changes_that_were_not_kept_and_those_of_old_entries_are_read():
    assert decoded(None) == []
    old = [change_to_json(Put("agents", "agent:a", {"status": "busy"}))]
    assert decoded(json.dumps(old).encode()) == old
    assert sent(old[0]) == old[0]
