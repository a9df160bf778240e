import pytest

from livingmap.core.merge import Dirty, changed, difference, strongest
from livingmap.core.references import References

AGENTS = ("agents", "items")


@pytest.mark.parametrize(
    ("candidates", "names", "merged"),
    [
        ([{"a": 1}, {"a": 2, "b": 3}], ["a", "b"], {"a": 1, "b": 3}),
        ([{"a": None}, {"a": 2}, {"a": 3}], ["a"], {"a": 2}),
        ([{"a": None}, {}], ["a"], {"a": None}),
        ([{"a": 0}, {"a": 2}], ["a"], {"a": 0}),
        ([{"a": 1, "b": 2}], ["b", "c"], {"b": 2}),
        ([], ["a"], {}),
    ],
)
def test_the_first_value_that_is_not_none_wins(candidates, names, merged):
    assert strongest(candidates, names) == merged


@pytest.mark.parametrize(
    ("before", "after", "names", "updates", "removals", "replaced"),
    [
        ({"a": 1}, {"a": 1}, ["a"], {}, (), {}),
        ({"a": 1}, {"a": 2}, ["a"], {"a": 2}, (), {"a": 1}),
        ({"a": None}, {"a": 2}, ["a"], {"a": 2}, (), {"a": None}),
        ({}, {"a": None}, ["a"], {"a": None}, (), {}),
        ({"b": 1, "a": 1, "c": 1}, {"c": 1}, ["b", "a", "c"], {}, ("a", "b"), {"b": 1, "a": 1}),
        ({"a": 1, "b": 1}, {"a": 2}, ["a"], {"a": 2}, (), {"a": 1}),
        ({"a": 1}, {}, ["b"], {}, (), {}),
    ],
)
def test_a_difference_sets_and_unsets_what_leads_from_one_to_the_other(
    before, after, names, updates, removals, replaced
):
    assert difference(before, after, names) == (updates, removals, replaced)
    result = changed(before, updates, removals)
    assert {name: result[name] for name in names if name in result} == {
        name: after[name] for name in names if name in after
    }


def test_what_is_dirty_is_noted_once_in_the_order_of_its_first_touch():
    dirty = Dirty()
    dirty.fields(AGENTS, "agent:a", ("x",))
    dirty.fields(AGENTS, "agent:b", ("x",))
    dirty.fields(AGENTS, "agent:a", ("y", "x"))
    dirty.item(AGENTS, "agent:c")
    dirty.fields(AGENTS, "agent:c", ("x",))
    dirty.item(AGENTS, "agent:b")
    dirty.total("city", ("n",))
    dirty.total("agents", ("n",))
    dirty.total("city", ("m", "n"))
    assert [(entity_id, names and list(names)) for (_, entity_id), names in dirty.items.items()] == [
        ("agent:a", ["x", "y"]),
        ("agent:b", None),
        ("agent:c", None),
    ]
    assert {layer: list(names) for layer, names in dirty.totals.items()} == {"city": ["n", "m"], "agents": ["n"]}


def test_references_are_found_by_what_they_refer_to():
    references = References()
    references.note(
        AGENTS, "agent:a", ["node", "friends"], {"node": "node:x", "friends": ["agent:b", "node:x", 7]}
    )
    references.note(AGENTS, "agent:b", ["node"], {"node": "node:x"})
    assert sorted(references.to("node:x")) == [
        (AGENTS, "agent:a", "friends"),
        (AGENTS, "agent:a", "node"),
        (AGENTS, "agent:b", "node"),
    ]
    assert [references.count(target) for target in ("node:x", "agent:b", "nobody:z")] == [3, 1, 0]
    references.note(AGENTS, "agent:a", ["node"], {"node": "node:y", "friends": []})
    references.note(AGENTS, "agent:b", ["node"], {})
    assert list(references.to("node:x")) == [(AGENTS, "agent:a", "friends")]
    assert list(references.to("node:y")) == [(AGENTS, "agent:a", "node")]
    references.note(AGENTS, "agent:a", ["node", "friends"], {"node": None, "friends": {"id": "node:x"}})
    assert [list(references.to(target)) for target in ("node:x", "node:y", "agent:b", "nobody:z")] == [
        [],
        [],
        [],
        [],
    ]


def test_what_is_new_is_in_memory_once_with_the_change_that_brought_it():
    updates = {"name": "Sofia"}
    assert changed({}, updates, ()) is updates
    assert changed({"name": "Old", "kind": "a"}, updates, ("kind",)) == updates
    assert updates == {"name": "Sofia"}
