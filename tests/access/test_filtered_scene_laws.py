"""Laws of filtered scenes: the stream, the snapshot and a model that filters by brute force agree."""

import json
import re
from unittest.mock import ANY

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from livingmap.access.filtered_scene import FilteredScene
from livingmap.access.mentions import Mentions
from livingmap.access.policy_targets import PolicyTargets
from livingmap.access.view import Rights
from livingmap.core.catalogue import Catalogue, home_of
from livingmap.core.fold import Fold, refreshed
from livingmap.core.model import Drop, Event, Position, change_to_json
from livingmap.core.reducer import LayerState, reduce
from livingmap.log.local import utc_now
from tests.access.chaos import IDS, LAYERS, RULES, SOURCES, TALLIES, BruteForce, some_steps

PHASES = (Phase.explicit, Phase.reuse, Phase.generate)  # a seed does not shrink

steps = st.integers(0, 2**32).map(some_steps)
rights = st.builds(
    Rights,
    st.none() | st.frozensets(st.sampled_from(LAYERS)),
    st.none() | st.tuples(st.frozensets(st.sampled_from(IDS[:3])), st.frozensets(st.sampled_from(IDS[3:6]))),
    st.just(value=False),
    st.booleans(),
)


def state_of(filtered):
    return {
        "items": {
            (layer, collection, entity_id): dict(item)
            for layer, collections in filtered.layers().items()
            for collection in collections
            for entity_id, item in filtered.items(layer, collection).items()
        },
        "totals": {layer: dict(filtered.totals(layer)) for layer in filtered.layers() if filtered.totals(layer)},
    }


def client_state(filtered):
    """The state of a client that has just read what is seen."""
    return {
        layer: LayerState(
            dict(filtered.totals(layer)),
            {
                collection: {
                    entity_id: {"id": entity_id, **item}
                    for entity_id, item in filtered.items(layer, collection).items()
                }
                for collection in collections
            },
        )
        for layer, collections in filtered.layers().items()
    }


def seen_by(state):
    """What a client shows, in the form of `state_of`."""
    return {
        "items": {
            (layer, collection, entity_id): {name: value for name, value in item.items() if name != "id"}
            for layer, held in state.items()
            for collection, items in held.collections.items()
            for entity_id, item in items.items()
        },
        "totals": {layer: dict(held.totals) for layer, held in state.items() if held.totals},
    }


def fold_of(steps, fold):
    for seq, (name, changes) in enumerate(steps):
        message = refreshed(name, seq, changes)
        yield fold.apply(Event(Position("e", seq + 1), message.type, message.payload, utc_now()))


@settings(phases=PHASES)
@given(steps, rights, st.integers(0, 20))
def test_what_is_seen_is_the_scene_without_what_is_hidden_at_every_step(steps, given_rights, born):
    fold = Fold(SOURCES)
    mentions = filtered = state = None
    for seq, folded in enumerate(fold_of(steps, fold)):
        if seq == born:
            mentions = Mentions(fold.scene)
            filtered = FilteredScene(fold.scene, mentions, given_rights, RULES, TALLIES)
            state = client_state(filtered)
        elif filtered is not None:
            for change in filtered.take(folded, mentions.take(folded)):
                before, state = state, reduce(state, [change_to_json(change)])
                assert state != before  # a change that changes nothing is not sent
        if filtered is not None:
            expected = BruteForce(fold.scene, given_rights, mentions.types).state()
            assert state_of(filtered) == expected
            assert seen_by(state) == expected


@settings(phases=PHASES)
@given(steps, rights)
def test_the_catalogue_lists_what_is_seen_at_home_and_nothing_else(steps, given_rights):
    fold = Fold(SOURCES)
    mentions = Mentions(fold.scene)
    filtered = FilteredScene(fold.scene, mentions, given_rights, RULES, TALLIES)
    catalogue = Catalogue(filtered)
    for folded in fold_of(steps, fold):
        filtered.take(folded, mentions.take(folded))
        listed = BruteForce(fold.scene, given_rights, mentions.types).listed()
        assert [entity.id for entity in catalogue.entities()] == sorted(listed)
        assert all(home_of(filtered, one.id) == (one.layer, ANY) for one in catalogue.entities())
        visible = {(layer, name) for layer, names in filtered.layers().items() for name in names}
        for name, places in catalogue.places().items():
            assert visible.issuperset(places)
            assert all(any(one.startswith(f"{name}:") for one in filtered.items(*place)) for place in places)


@settings(phases=PHASES)
@given(steps, rights)
def test_no_id_of_what_is_hidden_is_in_anything_that_is_seen(steps, given_rights):
    fold = Fold(SOURCES)
    mentions = Mentions(fold.scene)
    filtered = FilteredScene(fold.scene, mentions, given_rights, RULES, TALLIES)
    for folded in fold_of(steps, fold):
        changes = filtered.take(folded, mentions.take(folded))
        wire = json.dumps([[repr(change) for change in changes], repr(state_of(filtered))])
        brute_force = BruteForce(fold.scene, given_rights, mentions.types)
        hidden = [entity_id for entity_id in brute_force.on_map if not brute_force.sees(entity_id)]
        dropped = {change.id for change in changes if isinstance(change, Drop)}
        for entity_id in hidden:
            assert entity_id in dropped or not re.search(rf"(?<![a-z]){entity_id}\b", wire)


@settings(phases=PHASES)
@given(steps)
def test_a_reader_that_is_granted_everything_sees_every_item(steps):
    fold = Fold(SOURCES)
    for _ in fold_of(steps, fold):
        pass
    rules = RULES[:2]
    targets = PolicyTargets(fold.scene, rules)()
    given_rights = Rights(grants=tuple(frozenset(some) for some in targets.values()), reports=False)
    filtered = FilteredScene(fold.scene, Mentions(fold.scene), given_rights, rules, ())
    for layer, collections in fold.scene.layers().items():
        for collection in collections:
            assert filtered.items(layer, collection).keys() == fold.scene.items(layer, collection).keys()


@settings(phases=PHASES)
@given(steps)
def test_a_summary_counts_and_shows_no_item(steps):
    fold = Fold(SOURCES)
    mentions = Mentions(fold.scene)
    filtered = FilteredScene(fold.scene, mentions, Rights(summary=True, reports=False), RULES, TALLIES)
    for folded in fold_of(steps, fold):
        filtered.take(folded, mentions.take(folded))
        for layer, collections in fold.scene.layers().items():
            assert not any(filtered.items(layer, collection) for collection in collections)
            counts = {name: len(fold.scene.items(layer, name)) for name in collections}
            assert filtered.totals(layer).get("counts", {}) == counts
