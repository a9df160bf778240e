"""The bounded containers, held against what they are meant to be: a list that somebody trims by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livingmap.core.bounded import FIFO, LRU, Limit

keys = st.integers(0, 5)
steps = st.lists(st.tuples(st.sampled_from(["get", "put", "pop"]), keys), max_size=60)


@given(st.integers(1, 4), steps)
def test_a_cache_keeps_the_most_recently_used(most, steps):
    cache, recent = LRU(most), []
    for number, (step, key) in enumerate(steps):
        value = dict(recent).get(key)
        recent = [pair for pair in recent if pair[0] != key]
        match step:
            case "get":
                assert cache.get(key) == value
                recent += [(key, value)] if value else []
            case "put":
                cache.put(key, f"value {number}")
                recent = [*recent, (key, f"value {number}")][-most:]
            case "pop":
                assert cache.pop(key) == value
        assert len(cache) == len(recent)
    assert [(key, cache.get(key)) for key, _ in recent] == recent


def test_a_cache_is_full_with_its_most_and_one_more_costs_the_oldest():
    cache = LRU(2)
    cache.put("a", 1)
    cache.put("b", 2)
    assert (len(cache), cache.get("a")) == (2, 1)
    cache.put("c", 3)
    assert [cache.get(key) for key in "abc"] == [1, None, 3]


def test_a_value_that_is_put_again_is_the_newest():
    cache = LRU(2)
    for key, value in (("a", 1), ("b", 2), ("a", 3), ("c", 4)):
        cache.put(key, value)
    assert [cache.get(key) for key in "abc"] == [3, None, 4]


@given(
    st.integers(0, 5),
    st.integers(0, 20),
    st.integers(0, 3),
    st.lists(st.text("ab", max_size=8) | st.just("pop"), max_size=40),
)
def test_a_queue_keeps_as_many_of_the_newest_as_every_limit_allows(most, most_letters, most_bs, steps):
    queue = FIFO(most, Limit(most_letters, len), Limit(most_bs, lambda text: text.count("b")))
    items = []
    for step in steps:
        if step == "pop" and items:
            assert queue.pop() == items.pop(0)
        else:
            items, evicted = [*items, step], []
            while len(items) > most or len("".join(items)) > most_letters or "".join(items).count("b") > most_bs:
                evicted.append(items.pop(0))
            assert list(queue.put(step)) == evicted
        assert (list(queue), len(queue), list(reversed(queue))) == (items, len(items), items[::-1])


def test_a_queue_is_full_with_its_most_and_one_more_costs_the_oldest():
    queue = FIFO(2)
    assert [*queue.put("a"), *queue.put("b")] == []
    assert [*queue.put("c")] == ["a"]
    assert [*queue] == ["b", "c"]


def test_a_weight_may_be_reached_but_not_exceeded():
    queue = FIFO(10, Limit(4, len))
    assert [*queue.put("aa"), *queue.put("bb")] == []
    assert [*queue.put("c")] == ["aa"]
    assert [*queue.put("dddd")] == ["bb", "c"]


def test_an_item_above_a_limit_goes_with_all_before_it():
    queue = FIFO(10, Limit(4, len))
    queue.put("a")
    assert [*queue.put("bbbbb")] == ["a", "bbbbb"]
    assert [*queue.put("cccc"), *queue] == ["cccc"]


def test_nothing_can_be_taken_from_an_empty_queue():
    with pytest.raises(IndexError):
        FIFO(1).pop()
