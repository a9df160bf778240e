"""The laws of the scene, at random."""

import copy
import json
from dataclasses import replace

from hypothesis import example, given
from hypothesis import strategies as st

from livingmap.core.fold import Fold, refreshed
from livingmap.core.layers import layer, layer_names
from livingmap.core.model import Drop, Event, Position, Put, Total, change_from_json, change_to_json
from livingmap.core.reducer import reduce, state_of
from livingmap.core.same_as import NOBODY, SameAs
from livingmap.core.scene import Scene
from livingmap.core.source import Count, Layer, Source, Tally
from livingmap.log.local import utc_now

KEYS = [("city", "items"), ("agents", "items")]
NAMES = ["red", "green", "blue"]
IDS = [f"{kind}:{rest}" for kind in ("microdao", "agent") for rest in "abc"]


def source(name, *, decorates=False):
    layers = tuple(
        Layer(
            *key,
            decorates=decorates,
            references=("microdao_id", "friends"),
            defaults={"status": "unknown"},
        )
        for key in KEYS
    )
    tallies = (
        Tally("city", "total", (Count("city"),)),
        Tally("city", "busy", (Count("agents", field="status", values=frozenset({"busy"})),)),
        Tally("city", "agents", (Count("agents"),), per="microdao_id"),
    )
    return Source(name, f"{name}-service", object, layers, tallies=tallies)


SOURCES = [source("red"), source("green"), source("blue", decorates=True)]

ids = st.sampled_from(IDS)
fields = st.fixed_dictionaries(
    {},
    optional={
        "name": st.sampled_from(["A", "B", None]),
        "status": st.sampled_from(["busy", "online", None]),
        "microdao_id": ids | st.none(),
        "friends": st.lists(ids, max_size=2),
    },
)
keys = st.sampled_from(KEYS)
puts = st.builds(
    lambda key, entity_id, given, unset, aliases, creates, namespaces: Put(
        key[0],
        entity_id,
        given,
        tuple(unset - given.keys()),
        key[1],
        tuple(aliases),
        creates,
        {one: namespaces[one] for one in (entity_id, *aliases) if one in namespaces},
    ),
    keys,
    ids,
    fields,
    st.sets(st.sampled_from(["name", "status"]), max_size=1),
    st.lists(ids, max_size=2, unique=True),
    st.booleans(),
    st.dictionaries(ids, st.sampled_from(["external", "slug", "number"])),
)
tables = st.sampled_from(
    [
        NOBODY,
        SameAs({"agent:b": "agent:a"}),
        SameAs({"microdao:a": "microdao:c", "microdao:b": "microdao:c"}, {"red": {"agent:a": "agent:c"}}),
    ]
)
drops = st.builds(lambda key, entity_id: Drop(key[0], entity_id, key[1]), keys, ids)
totals = st.builds(Total, st.sampled_from(["city", "agents"]), st.fixed_dictionaries({"users": st.integers(0, 3)}))
changes = puts | puts | drops | totals
steps = st.lists(st.tuples(st.sampled_from(NAMES), st.lists(changes, max_size=3), st.booleans()), max_size=12)


def picture(scene):
    return copy.deepcopy(
        {
            layer: {
                "totals": dict(scene.totals(layer)),
                **{name: dict(scene.items(layer, name)) for name in ("items",)},
            }
            for layer in ("city", "agents")
        }
    )


def client_state(scene):
    """The state of a client that has just read the snapshot."""
    return state_of({name: layer(scene, name) for name in layer_names(scene)})


def apply_all(scene, run):
    for seq, (name, some, polled) in enumerate(run, 1):
        scene.apply(name, some, seq, from_seq=seq - 1 if polled else None)


@given(steps, tables)
def test_snapshot_and_changes_make_the_next_snapshot(run, table):
    scene = Scene(SOURCES, table)
    state = client_state(scene)
    for seq, (name, some, polled) in enumerate(run, 1):
        for change in scene.apply(name, some, seq, from_seq=seq - 1 if polled else None):
            wire = json.loads(json.dumps(change_to_json(change)))
            before, state = state, reduce(state, [wire])
            assert change_from_json(wire) == change
            assert state != before  # a change that changes nothing is not sent
        assert state == client_state(scene)


def undoing(change):
    """The change that takes another one back, by what that replaced."""
    if isinstance(change, Drop):
        return Put(change.layer, change.id, change.was, collection=change.collection)
    if isinstance(change, Put) and change.came:
        return Drop(change.layer, change.id, change.collection)
    unset = tuple(name for name in (*change.set, *change.unset) if name not in change.was)
    return replace(change, set=change.was, unset=unset)


def undone(state, changes):
    return reduce(state, [change_to_json(undoing(change)) for change in reversed(changes)])


@given(steps, tables)
def test_what_changes_replaced_leads_back_to_the_state_before(run, table):
    scene = Scene(SOURCES, table)
    for seq, (name, some, polled) in enumerate(run, 1):
        before = client_state(scene)
        changes = scene.apply(name, some, seq, from_seq=seq - 1 if polled else None)
        assert filled(undone(client_state(scene), changes)) == filled(before)


@given(steps, tables, st.lists(st.sampled_from(SOURCES), unique_by=id))
def test_what_other_sources_replaced_leads_back_to_the_state_before(run, table, sources):
    scene = Scene(SOURCES, table)
    apply_all(scene, run)
    before = client_state(scene)
    changes = scene.replace_sources(sources, {})
    assert filled(undone(client_state(scene), changes)) == filled(before)


@given(steps, tables)
def test_the_scene_does_not_depend_on_the_order_in_which_sources_speak(run, table):
    mixed, sorted_scene = Scene(SOURCES, table), Scene(SOURCES, table)
    apply_all(mixed, run)
    apply_all(sorted_scene, sorted(run, key=lambda step: step[0]))
    assert picture(mixed) == picture(sorted_scene)


@given(steps)
def test_a_source_deletes_only_its_own(run):
    with_drops, without = Scene(SOURCES), Scene(SOURCES)
    apply_all(with_drops, run)
    mine = [step for step in run if step[0] != "red"]
    apply_all(without, mine)
    drops_of_all = [Drop(key[0], entity_id, key[1]) for key in KEYS for entity_id in IDS]
    with_drops.apply("red", drops_of_all, 999, from_seq=998)
    items = {name: picture(with_drops)[name]["items"] for name in ("city", "agents")}
    expected = {name: picture(without)[name]["items"] for name in ("city", "agents")}
    assert without_counts(items) == without_counts(expected)


def without_counts(layers):
    """Whether a layer was ever filled differs, and with it the counts."""
    return {
        layer: {entity_id: {**item, "agents": None} for entity_id, item in items.items()}
        for layer, items in layers.items()
    }


@given(steps)
def test_replaying_the_log_gives_the_same_scene(run):
    events = []
    folds = [Fold(SOURCES), Fold(SOURCES)]
    for seq, (name, some, _) in enumerate(run, 1):
        message = refreshed(name, seq - 1, some)
        events.append(Event(Position("e", seq), message.type, message.payload, utc_now()))
        folds[0].apply(events[-1])
    for event in events:
        folds[1].apply(event)
    assert picture(folds[0].scene) == picture(folds[1].scene)


def unordered(change):
    """Return a change as text, whatever the order of its fields: in a JSON object they have none."""
    wire = change_to_json(change)
    return json.dumps({**wire, "unset": sorted(wire.get("unset", ()))}, sort_keys=True)


@given(steps, steps, tables)
@example(
    [
        (
            "red",
            [
                Put("agents", "microdao:a", {"microdao_id": "agent:c"}),
                Put("city", "agent:c"),
                Put("city", "agent:b", {"friends": ["agent:c"]}, aliases=("agent:c",)),
            ],
            True,
        )
    ],
    [("red", [Drop("city", "agent:c")], False)],
    SameAs({"agent:b": "agent:a"}),
)
@example(
    [
        (
            "red",
            [Put("agents", "microdao:a", {"name": "A", "friends": ["microdao:b"]}, aliases=("microdao:b",))],
            False,
        ),
        ("red", [Put("agents", "microdao:a", {"microdao_id": "microdao:b"}, creates=False)], False),
    ],
    [("red", [Put("city", "microdao:b")], False)],
    NOBODY,
)
@example(
    [
        (
            "red",
            [Put("agents", "microdao:a", {"friends": ["microdao:a", "microdao:b"]}, creates=False)],
            False,
        ),
        ("red", [Put("city", "microdao:a"), Put("agents", "agent:a", aliases=("microdao:a",))], False),
        ("red", [Put("city", "agent:a", aliases=("microdao:b",))], False),
    ],
    [],
    SameAs({"microdao:a": "microdao:c", "microdao:b": "microdao:c"}, {"red": {"agent:a": "agent:c"}}),
)
def test_a_scene_that_was_kept_goes_on_as_if_it_never_stopped(run, rest, table):
    going, kept = Scene(SOURCES, table), Scene(SOURCES, table)
    apply_all(going, run)
    kept.apply("red", [Put("city", "microdao:old", {"name": "of another life"})], 1)
    before = {name: kept.version(name) for name in ("city", "agents")}
    kept.restore(json.loads(json.dumps(dict(going.states()))))
    assert picture(kept) == picture(going)
    assert all(kept.version(name) > seen for name, seen in before.items())
    for seq, (name, some, polled) in enumerate(rest, 100):
        from_seq = (seq - 1, 50)[seq % 2] if polled else None
        changes = [scene.apply(name, some, seq, from_seq=from_seq) for scene in (going, kept)]
        assert sorted(map(unordered, changes[0])) == sorted(map(unordered, changes[1]))
    assert picture(kept) == picture(going)


def filled(state):
    """Return a client's state without what is empty: there is no message by which a collection would go."""
    shown = {
        name: (layer.totals, {key: items for key, items in layer.collections.items() if items})
        for name, layer in state.items()
    }
    return {name: layer for name, layer in shown.items() if any(layer)}


@given(steps, steps, tables, st.lists(st.sampled_from(SOURCES), unique_by=id))
def test_a_scene_whose_sources_are_replaced_is_that_of_a_new_start_with_these_sources(run, rest, table, sources):
    going, started = Scene(SOURCES, table), Scene(sources, table)
    apply_all(going, run)
    state = client_state(going)
    started.restore(json.loads(json.dumps(dict(going.states()))))
    changes = going.replace_sources(sources, {})
    assert filled(reduce(state, map(change_to_json, changes))) == filled(client_state(going))
    assert picture(going) == picture(started)
    assert dict(going.states()) == dict(started.states())
    for seq, (name, some, polled) in enumerate(rest, 100):
        from_seq = seq - 1 if polled else None
        after = [scene.apply(name, some, seq, from_seq=from_seq) for scene in (going, started)]
        assert sorted(map(unordered, after[0])) == sorted(map(unordered, after[1]))
    assert picture(going) == picture(started)


def test_a_source_that_was_not_there_when_the_scene_was_kept_begins_with_nothing():
    before, after = Scene(SOURCES[1:]), Scene(SOURCES[:2])
    for name in ("green", "blue"):
        before.apply(name, [Put("city", f"microdao:{name}", {"name": name})], 1)
    after.restore(dict(before.states()))
    assert after.items("city", "items").keys() == {"microdao:green"}
    assert list(after.part("red").items("city")) == []


def difference(part, key, answer):
    changes = [part.difference(key, put) for put in answer.values()]
    return [*filter(None, changes), *part.missing(key, answer)]


@given(st.lists(puts, max_size=6), st.lists(puts, max_size=6))
def test_the_difference_of_a_poll_makes_the_part_equal_the_answer(first, second):
    key = KEYS[0]
    answers = [
        {one.id: Put(key[0], one.id, one.set, aliases=one.aliases) for one in answer} for answer in (first, second)
    ]
    scene = Scene(SOURCES)
    for seq, answer in enumerate(answers, 1):
        scene.apply("red", difference(scene.part("red"), key, answer), seq, from_seq=seq - 1)
        kept = {entity_id: dict(fields) for entity_id, fields in scene.part("red").items(*key)}
        assert kept == {entity_id: dict(put.set) for entity_id, put in answer.items()}
        assert difference(scene.part("red"), key, answer) == []


@given(steps, tables)
@example(
    [
        (
            "red",
            [
                Put("city", "microdao:a", aliases=("microdao:a", "agent:a")),
                Put("city", "agent:b", aliases=("agent:a",), namespaces={"agent:a": "external"}),
                Put("city", "agent:a", namespaces={"agent:a": "slug"}),
            ],
            True,
        ),
        (
            "red",
            [Put("city", "microdao:a", creates=False), Put("city", "microdao:a", aliases=("microdao:a",))],
            False,
        ),
    ],
    SameAs({"agent:b": "agent:a"}),
)
@example(
    [
        ("red", [Put("agents", "agent:b", aliases=("agent:c",))], False),
        ("red", [Put("city", "microdao:c", {"friends": ["agent:a"]})], True),
        ("red", [Put("city", "agent:c")], True),
    ],
    SameAs(renamed={"red": {"agent:a": "agent:c"}}),
)
@example(
    [
        ("red", [Put("city", "microdao:c", {"microdao_id": "agent:c"})], False),
        ("red", [Put("city", "microdao:a", aliases=("agent:b",))], False),
    ],
    SameAs({"agent:b": "agent:a"}, {"red": {"agent:c": "agent:b"}}),
)
def test_changes_one_by_one_make_the_scene_that_the_parts_make_as_a_whole(run, table):
    scene, whole = Scene(SOURCES, table), Scene(SOURCES, table)
    apply_all(scene, run)
    shown = picture(scene)
    counts = {"city": shown["city"]["totals"]["total"], "agents": shown["city"]["totals"]["busy"]}
    for name in NAMES:
        part = scene.part(name)
        statements = [
            Total(layer, dict(part.total(layer))) for layer, count in counts.items() if count is not None
        ]
        for key in KEYS:
            for entity_id, fields in part.items(*key):
                record = part.record(key, entity_id)
                given = (fields, (), key[1], record.aliases, record.creates, record.namespaces)
                statements.append(Put(key[0], entity_id, *given))
        whole.apply(name, statements, 1, from_seq=0)
    assert shown == picture(whole)
