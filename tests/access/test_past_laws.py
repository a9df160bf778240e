"""The laws of rights over the past: what is hidden now is hidden then, and numbers count only what is shown."""

import json
import re

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from livingmap.access.filtered_scenes import FilteredScenes
from livingmap.access.view import Rights
from livingmap.core.fold import Fold, refreshed
from livingmap.core.layers import layer, layer_names
from livingmap.core.model import Event, Position, change_to_json
from livingmap.core.reducer import layers_of, reduce, state_of
from livingmap.history import State
from livingmap.history.state import packed_layers
from livingmap.log.local import utc_now
from livingmap.past.difference import differences
from livingmap.past.past_scene import PastScene
from tests.access.chaos import IDS, LAYERS, RULES, SOURCES, BruteForce, some_steps

PHASES = (Phase.explicit, Phase.reuse, Phase.generate)  # a seed does not shrink

steps = st.integers(0, 2**32).map(some_steps)
rights = st.builds(
    Rights,
    st.none() | st.frozensets(st.sampled_from(LAYERS)),
    st.none() | st.tuples(st.frozensets(st.sampled_from(IDS[:3])), st.frozensets(st.sampled_from(IDS[3:6]))),
    st.just(value=False),
    st.booleans(),
).filter(lambda one: one.restricted)


class PastBruteForce(BruteForce):
    """A scene of the past as a reader may see it, by the words of the documentation."""

    def __init__(self, scene, today):
        super().__init__(scene, today.rights, set(today.types))
        self.today = today
        self.types.update(one.partition(":")[0] for one in self.on_map)

    def sees(self, entity_id, above=()):
        places = self.on_map.get(entity_id, {})
        now = self.scene.resolve(entity_id)
        if now in self.today.on_map and any(self.shows_layer(layer) for layer, _ in places):
            return self.today.sees(now)
        return super().sees(entity_id, above)

    def hidden(self, text):
        entity_id = self.scene.resolve(text)
        if (
            text.partition(":")[0] in self.types
            and entity_id not in self.on_map
            and entity_id in self.today.on_map
        ):
            return not self.today.sees(entity_id)
        return super().hidden(text)


class World:
    """A fold whose history is kept: a state now and then, and all changes."""

    def __init__(self, steps, state_after):
        self.fold = Fold(SOURCES)
        self.scenes = FilteredScenes(self.fold, SOURCES, RULES, lambda: Position("e", 0))
        self.kept = []
        for seq, (name, changes) in enumerate(steps):
            message = refreshed(name, seq, changes)
            folded = self.fold.apply(Event(Position("e", seq + 1), message.type, message.payload, utc_now()))
            self.scenes.take(folded)
            is_state = seq % state_after == 0 or self.fold.scene.filled_layers != self.kept[-1][2]
            content = self.content() if is_state else None
            changed = json.loads(json.dumps([change_to_json(one) for one in folded.changes]))
            self.kept.append((content, changed, set(self.fold.scene.filled_layers)))

    def content(self):
        scene = self.fold.scene
        layers = {name: layer(scene, name) for name in layer_names(scene)}
        return State(
            Position("e", 0), utc_now(), utc_now(), packed_layers(layers, [], scene.filled_layers)
        ).unpacked()

    def at(self, index):
        """Return the scene of a past step."""
        start = max(one for one in range(index + 1) if self.kept[one][0])
        scene = PastScene.of(self.fold.scene, self.fold.redaction, self.kept[start][0])
        for _, changes, _ in self.kept[start + 1 : index + 1]:
            scene.take(changes)
        return scene

    def today(self, given_rights):
        types = self.scenes._mentioned().types
        return BruteForce(self.fold.scene, given_rights, types)


def shown(filtered):
    return {name: layer(filtered, name) for name in layer_names(filtered)}


def state_shown(filtered):
    return {
        "items": {
            (name, collection, entity_id): dict(item)
            for name, collections in filtered.layers().items()
            for collection in collections
            for entity_id, item in filtered.items(name, collection).items()
        },
        "totals": {name: dict(filtered.totals(name)) for name in filtered.layers() if filtered.totals(name)},
    }


def full(layers):
    return {
        name: there
        for name, held in layers.items()
        if (there := {key: value for key, value in held.items() if value != []})
    }


@settings(phases=PHASES)
@given(steps, rights, st.integers(1, 9), st.integers(0, 30))
def test_the_past_is_shown_by_the_rights_of_today(steps, given_rights, state_after, index):
    world = World(steps, state_after)
    if not world.kept:
        return
    scene = world.at(index % len(world.kept))
    filtered = world.scenes.past(given_rights).filtered(scene)
    today = world.today(given_rights)
    assert state_shown(filtered) == PastBruteForce(scene, today).state()


@settings(phases=PHASES)
@given(steps, rights, st.integers(1, 9))
def test_the_last_moment_is_shown_as_the_present_is(steps, given_rights, state_after):
    world = World(steps, state_after)
    if world.kept:
        filtered = world.scenes.past(given_rights).filtered(world.at(len(world.kept) - 1))
        assert full(shown(filtered)) == full(shown(world.scenes.of(given_rights)))


@settings(phases=PHASES)
@given(steps, rights, st.integers(1, 9), st.tuples(st.integers(0, 30), st.integers(0, 30)))
def test_nothing_that_is_hidden_now_is_in_a_moment_or_a_difference(steps, given_rights, state_after, indices):
    world = World(steps, state_after)
    if not world.kept:
        return
    by = world.scenes.past(given_rights)
    before, after = (by.filtered(world.at(index % len(world.kept))) for index in sorted(indices))
    changes = differences(before, after)
    today = world.today(given_rights)
    hidden = [entity_id for entity_id in today.on_map if not today.sees(entity_id)]
    for wire in (json.dumps(changes), json.dumps(shown(before)), json.dumps(shown(after))):
        for entity_id in hidden:
            assert not re.search(rf"(?<![a-z]){entity_id}(?![a-z])", wire)
    assert full(layers_of(reduce(state_of(shown(before)), changes))) == full(shown(after))


@settings(phases=PHASES)
@given(steps, st.integers(1, 9), st.integers(0, 30))
def test_a_summary_of_the_past_counts_and_has_no_item(steps, state_after, index):
    world = World(steps, state_after)
    if not world.kept:
        return
    scene = world.at(index % len(world.kept))
    summary = world.scenes.past(Rights(summary=True)).filtered(scene)
    assert not any(summary.items(name, one) for name, names in summary.layers().items() for one in names)
    for name, collections in scene.layers().items():
        counts = {one: len(scene.items(name, one)) for one in collections}
        assert summary.totals(name).get("counts", {}) == counts
    assert not re.search(r"(?<![a-z])(agent|microdao|dao|proposal|tree):[abc]", json.dumps(shown(summary)))
