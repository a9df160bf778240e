"""Ids that are joined or separated by hand."""

import re

import pytest

from livingmap.core.model import Put
from livingmap.core.same_as import NOBODY, SameAs, same_as
from livingmap.core.scene import Scene
from livingmap.core.source import Layer, Source

SOURCES = ["space", "city"]


def test_a_table_joins_ids_and_renames_those_of_one_source():
    table = {"node:12": "node:gpu-1", "space/dao:3": "dao:oak", "space/dao:4": "dao:elm", "city/dao:3": "dao:ash"}
    assert same_as(table, SOURCES) == SameAs(
        {"node:12": "node:gpu-1"},
        {"space": {"dao:3": "dao:oak", "dao:4": "dao:elm"}, "city": {"dao:3": "dao:ash"}},
    )
    assert same_as({}, []) == NOBODY


def test_a_chain_of_joined_ids_leads_to_its_end():
    table = {"node:1": "node:2", "node:2": "node:3", "node:3": "node:4"}
    assert same_as(table, SOURCES).joined == dict.fromkeys(table, "node:4")


def test_a_slash_after_the_colon_belongs_to_the_id():
    assert same_as({"model:a/b": "model:c/d"}, SOURCES).joined == {"model:a/b": "model:c/d"}
    assert same_as({"space/model:a/b": "model:c"}, SOURCES).renamed == {"space": {"model:a/b": "model:c"}}


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        ({"moon/dao:3": "dao:4"}, "'moon/dao:3': there is no source 'moon' (there are: city, space)"),
        ({"dao:3": "node:3"}, "'dao:3': 'node:3' is of another type"),
        ({"space/dao:3": "node:3"}, "'space/dao:3': 'node:3' is of another type"),
        ({"dao:3": "dao:3"}, "'dao:3': an id is the same as itself anyway"),
        ({"space/dao:3": "dao:3"}, "'space/dao:3': an id is the same as itself anyway"),
        ({"dao:1": "dao:2", "dao:2": "dao:1"}, "'dao:1': goes in a circle"),
        ({"dao:0": "dao:1", "dao:1": "dao:2", "dao:2": "dao:1"}, "'dao:0': goes in a circle"),
    ],
)
def test_an_entry_that_cannot_be_is_named_with_the_reason(table, reason):
    with pytest.raises(ValueError, match=f"^{re.escape(reason)}$"):
        same_as(table, SOURCES)


def test_what_has_no_type_is_refused():
    for table in ({"node": "node:3"}, {"node:3": "node"}):
        with pytest.raises(ValueError, match="'node'"):
            same_as(table, SOURCES)


def test_an_item_follows_what_it_is_joined_to_into_an_alias_and_out_of_it():
    sources = [Source(name, "s", object, (Layer(name),)) for name in SOURCES]
    scene = Scene(sources, SameAs({"dao:3": "dao:oak"}))
    scene.apply("space", [Put("space", "dao:3", {"name": "oak"})], 1)
    shown = [set(scene.items("space", "items"))]
    for seq, aliases in enumerate([("dao:oak",), ("dao:elm",)], 2):
        scene.apply("city", [Put("city", "dao:oak-trust", aliases=aliases)], seq)
        shown.append(set(scene.items("space", "items")))
    assert shown == [{"dao:oak"}, {"dao:oak-trust"}, {"dao:oak"}]
