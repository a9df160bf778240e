"""The laws of aliases, at random."""

import itertools
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livingmap.core.aliases import Aliases

IDS = [f"agent:{name}" for name in "abcdef"]
NAMESPACES = ["external", "slug", "number"]

ids = st.sampled_from(IDS)
names = st.lists(ids, max_size=3, unique=True).map(tuple)
namespaces = st.dictionaries(ids, st.sampled_from(NAMESPACES))
listings = st.tuples(names, namespaces)
steps = st.lists(st.tuples(st.integers(0, 1), ids, st.none() | listings), max_size=12)
tables = st.sampled_from(
    [
        {},
        {"agent:b": "agent:a"},
        {"agent:b": "agent:a", "agent:c": "agent:a"},
        {"agent:b": "agent:a", "agent:d": "agent:c"},
    ]
)


class Sources:
    """Two sources, what they list, and the aliases that follow them step by step."""

    def __init__(self, table):
        self.table = table
        self.aliases = Aliases(table)
        self.listed = {}

    def list(self, source, entity_id, listing):
        """Let a source list an entity with aliases and namespaces, or no more; return what that affects."""
        before, affected = self.listed.pop((source, entity_id), None), set()
        if listing is not None and before is None:
            affected |= self.aliases.add(entity_id)
        old, new = before or ((), {}), listing or ((), {})
        affected |= self.aliases.rename(entity_id, old[0], new[0], old[1], new[1])
        if listing is None and before is not None:
            affected |= self.aliases.remove(entity_id)
        if listing is not None:
            self.listed[source, entity_id] = listing
        return affected

    def names(self, entity_id):
        """Return an entity's id and its aliases."""
        return {entity_id}.union(*(names for (_, one), (names, _) in self.listed.items() if one == entity_id))

    def as_a_whole(self):
        """Return the aliases of a new start with what is listed now."""
        sources = Sources(self.table)
        for (source, entity_id), listing in sorted(self.listed.items()):
            sources.list(source, entity_id, listing)
        return sources.aliases


def picture(aliases):
    """Everything that aliases say."""
    return {
        "resolve": {one: aliases.resolve(one) for one in IDS},
        "shown": {one: aliases.shown(one) for one in IDS if aliases.has(one)},
        "same": {one: aliases.same(one) for one in IDS},
        "named": {(one, name): aliases.named(one, name) for one in IDS for name in NAMESPACES},
        "displaced": dict(aliases.displaced),
        "collisions": [aliases.collision(name) for name in sorted(aliases.contested)],
    }


def counts(aliases):
    """What grows with changes."""
    return {"revision": aliases.revision, "contests": aliases.contests, "contested": set(aliases.contested)}


@given(steps, tables)
def test_claims_one_by_one_make_the_aliases_that_they_make_as_a_whole(run, table):
    sources = Sources(table)
    for step in run:
        sources.list(*step)
    assert picture(sources.aliases) == picture(sources.as_a_whole())


def assert_all_that_changes_is_affected(sources, before, affected):
    after = picture(sources.aliases)
    aliases = sources.aliases
    assert before["resolve"] == after["resolve"] or before["revision"] < aliases.revision
    assert before["contests"] <= aliases.contests
    assert (before["contested"] == aliases.contested) == (before["contests"] == aliases.contests)
    for question in ("resolve", "shown"):
        for one in before[question].keys() & after[question].keys():
            answers = (before[question][one], after[question][one])
            assert answers[0] == answers[1] or {one, *answers} <= affected
    for one in before["shown"].keys() & after["shown"].keys():
        if before["shown"][one] != after["shown"][one]:
            assert sources.names(one) <= affected  # a source that lists it may mean it by any of them
    for one in IDS:
        if after["resolve"][one] == one and before["same"][one] != after["same"][one]:
            assert one in affected


@given(steps, tables)
def test_whatever_changes_its_meaning_is_affected(run, table):
    sources = Sources(table)
    for step in run:
        before = picture(sources.aliases) | counts(sources.aliases)
        assert_all_that_changes_is_affected(sources, before, sources.list(*step))


CONTESTING = [
    (0, "agent:a", (("agent:b", "agent:f"), {"agent:b": "external"})),
    (0, "agent:b", (("agent:c",), {"agent:b": "slug", "agent:c": "number"})),
    (1, "agent:c", (("agent:b", "agent:d"), {})),
    (1, "agent:d", (("agent:a",), {"agent:a": "external", "agent:d": "slug"})),
    (0, "agent:a", None),
    (0, "agent:b", None),
]


@pytest.mark.parametrize("table", [{}, {"agent:b": "agent:a"}, {"agent:d": "agent:c", "agent:e": "agent:c"}])
def test_the_laws_hold_for_all_short_runs_of_entities_that_claim_each_others_ids(table):
    for run in itertools.product(CONTESTING, repeat=4):
        sources = Sources(table)
        for step in run[:-1]:
            sources.list(*step)
        before = picture(sources.aliases) | counts(sources.aliases)
        assert_all_that_changes_is_affected(sources, before, sources.list(*run[-1]))
        assert picture(sources.aliases) == picture(sources.as_a_whole())


@given(steps, tables)
def test_what_an_id_refers_to_refers_to_itself(run, table):
    sources = Sources(table)
    for step in run:
        sources.list(*step)
    for one in IDS:
        target = sources.aliases.resolve(one)
        assert sources.aliases.resolve(target) == target
        assert sources.aliases.same(one)[0] == target


@given(steps, tables)
def test_no_two_entities_are_shown_under_one_id_unless_they_are_joined(run, table):
    sources = Sources(table)
    for step in run:
        sources.list(*step)
    listed = {entity_id for _, entity_id in sources.listed if entity_id not in table}
    shown = Counter(sources.aliases.shown(one) for one in listed)
    assert set(shown.values()) <= {1}
