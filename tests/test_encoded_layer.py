"""Encoded layers: whatever changes, their bytes are those of the layer as a whole, made of few new chunks."""

from unittest.mock import patch

import orjson
from hypothesis import given
from hypothesis import strategies as st

from livingmap.access.view import EVERYTHING, Rights
from livingmap.api import encoded_layer
from livingmap.api.encoded_layer import Body, EncodedLayer
from livingmap.core.layers import layer
from livingmap.core.model import Drop, Put, Total
from livingmap.core.scene import Scene
from livingmap.core.source import Count, Layer, Source, Tally
from tests.access.small_map import RIGHTS, SmallMap

TALLY = Tally("agents", "busy", (Count("agents", field="status", values=frozenset({"busy"})),))
SOURCE = Source("talk", "s", object, (Layer("agents"), Layer("agents", "rooms"), Layer("city")), tallies=(TALLY,))
OTHER = Source("other", "s", object, (Layer("agents", "rooms"), Layer("agents", "halls")))

ids = st.integers(0, 40).map("agent:{}".format)
collections = st.sampled_from(["items", "rooms"])
changes = st.one_of(
    st.builds(
        lambda one, status, collection: Put("agents", one, {"status": status}, collection=collection),
        ids,
        st.sampled_from(["busy", "idle", None]),
        collections,
    ),
    st.builds(lambda one, collection: Drop("agents", one, collection), ids, collections),
    st.builds(lambda number: Total("agents", {"users": number}), st.integers(0, 3)),
)


def encoded(one, shown):
    body = Body()
    one.add_to(body, shown)
    return body.joined(), body.tag()


def whole(shown):
    return orjson.dumps(layer(shown, "agents"))


@given(st.lists(st.lists(changes, max_size=8), max_size=10), st.integers(1, 8))
def test_a_layer_made_of_chunks_is_the_layer(steps, length):
    scene, one, tags = Scene([SOURCE]), EncodedLayer("agents"), {}
    with patch.object(encoded_layer, "_CHUNK_ITEMS", length):
        for seq, some in enumerate(steps, 1):
            scene.apply("talk", some, seq)
            body, tag = encoded(one, scene)
            assert body == whole(scene)
            assert encoded(one, scene) == (body, tag)
            assert tags.setdefault(tag, body) == body


@given(st.lists(changes, max_size=8), st.lists(changes, max_size=8))
def test_a_layer_that_was_restored_or_has_other_sources_is_made_anew(before, after):
    scene, one = Scene([SOURCE]), EncodedLayer("agents")
    scene.apply("talk", before, 1)
    assert encoded(one, scene)[0] == whole(scene)
    other = Scene([SOURCE])
    other.apply("talk", after, 1)
    scene.restore(dict(other.states()))
    assert encoded(one, scene)[0] == whole(scene)
    scene.replace_sources([OTHER, SOURCE], {})
    assert encoded(one, scene)[0] == whole(scene)
    scene.replace_sources([OTHER], {})
    assert encoded(one, scene)[0] == whole(scene)


def test_one_change_makes_one_chunk_anew():
    scene, one = Scene([SOURCE]), EncodedLayer("agents")
    scene.apply("talk", [Put("agents", f"agent:{number:05}", {"status": "idle"}) for number in range(10_000)], 1)
    encoded(one, scene)
    encode, sizes = orjson.dumps, []

    def counting(value):
        sizes.append(len(value))
        return encode(value)

    for change in (Put("agents", "agent:05000", {"status": "busy"}), Drop("agents", "agent:07000")):
        scene.apply("talk", [change], 2)
        sizes.clear()
        with patch.object(encoded_layer.orjson, "dumps", counting):
            body, _ = encoded(one, scene)
        assert body == whole(scene)
        assert sum(sizes) < 600


@given(st.lists(st.lists(st.sampled_from(["agent:oksana", "agent:petro", "agent:7"]), max_size=3), max_size=6))
def test_a_snapshot_shows_each_reader_only_its_own_and_as_it_is_now(steps):
    small = SmallMap()
    kept = {rights: {} for rights in (EVERYTHING, RIGHTS, Rights(layers=frozenset({"agents"})))}
    for seq, some in enumerate(steps):
        small.poll(*(Put("agents", one, {"mood": seq}) for one in some))
        for rights, layers in kept.items():
            shown = small.scenes.of(rights)
            for name in shown.layers():
                body, _ = encoded(layers.setdefault((id(shown), name), EncodedLayer(name)), shown)
                assert body == orjson.dumps(layer(shown, name))
