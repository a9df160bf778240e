"""What came both ways cancels out, in whatever order; the rest is counted, and never more than it is."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livingmap.log.unmatched import Unmatched


def found(unmatched, until, **after):
    return {one.subject: one.lowest for one in unmatched.carried(until, **after)}


MESSAGES = st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from([b"1", b"2"])), min_size=1, max_size=6)


@given(MESSAGES.flatmap(lambda messages: st.permutations([(way, *one) for one in messages for way in (0, 1)])))
def test_what_comes_both_ways_leaves_nothing(steps):
    unmatched = Unmatched(100)
    for second, (way, subject, data) in enumerate(steps):
        (unmatched.carry, unmatched.bring)[way](subject, data, second)
    assert (len(unmatched), found(unmatched, 1000)) == (0, {})


def test_what_only_core_nats_carried_is_found_once():
    unmatched, numbers = Unmatched(1000), random.Random(1)
    lost = set(numbers.sample(range(200), 50))
    for number in range(200):
        unmatched.carry(f"a.{number}", b"{}", number)
        if number not in lost:
            unmatched.bring(f"a.{number}", b"{}", number + 0.5)
    assert found(unmatched, 1000) == {f"a.{number}": 1 for number in lost}
    assert found(unmatched, 150, after=100) == {f"a.{number}": 1 for number in lost if 100 < number <= 150}
    unmatched.forget(unmatched.carried(1000), 1000)
    assert (len(unmatched), found(unmatched, 2000)) == (0, {})


def test_equal_messages_that_are_always_under_way_are_not_lost():
    unmatched = Unmatched(10)
    unmatched.carry("a", b"{}", 0)
    for second in range(1, 100):
        unmatched.bring("a", b"{}", second)
        unmatched.carry("a", b"{}", second)
        assert found(unmatched, second - 5) == {}


def test_of_equal_messages_those_are_lost_that_were_unmatched_all_the_time():
    unmatched = Unmatched(10)
    unmatched.carry("a", b"{}", 0)  # the stream never gets this one
    for second in range(1, 100):
        unmatched.carry("a", b"{}", second)
        unmatched.bring("a", b"{}", second + 0.5)
    assert found(unmatched, 5) == {"a": 1}
    unmatched.forget(unmatched.carried(5), 100)
    assert (len(unmatched), found(unmatched, 200)) == (0, {})


def test_what_equal_messages_lack_beyond_that_is_found_the_next_time():
    unmatched = Unmatched(10)
    for second in range(3):
        unmatched.carry("a", b"{}", second)
    assert found(unmatched, 10) == {"a": 1}
    unmatched.forget(unmatched.carried(10), 11)
    assert (found(unmatched, 10), found(unmatched, 11)) == ({}, {"a": 2})


def test_what_only_the_stream_brought_is_forgotten_and_never_lost():
    unmatched = Unmatched(10)
    unmatched.bring("a", b"1", 0)
    unmatched.bring("b", b"1", 50)
    assert found(unmatched, 100) == {}
    unmatched.forget_brought(49)
    assert len(unmatched) == 1
    unmatched.carry("b", b"1", 100)
    assert len(unmatched) == 0


@pytest.mark.parametrize("way", ["carry", "bring"])
def test_more_than_it_can_compare_is_left_out_and_noted(way):
    unmatched = Unmatched(3)
    for number in range(3):
        getattr(unmatched, way)(f"a.{number}", b"{}", 0)
    assert not unmatched.has_overflowed
    getattr(unmatched, way)("a.3", b"{}", 0)
    getattr(unmatched, way)("a.2", b"{}", 0)
    assert (unmatched.has_overflowed, len(unmatched)) == (True, 3)
