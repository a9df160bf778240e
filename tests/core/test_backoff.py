"""Growing pauses between attempts."""

import itertools

import pytest

from livingmap.core.backoff import Backoff


def pauses(backoff, count):
    return [backoff.pause_seconds() for _ in range(count)]


def test_pauses_grow_by_the_factor_up_to_the_longest():
    assert pauses(Backoff(0.25, 10), 8) == [0.25, 0.5, 1, 2, 4, 8, 10, 10]
    assert pauses(Backoff(1, 100, factor=10), 4) == [1, 10, 100, 100]


def test_no_pause_is_longer_than_the_longest():
    assert pauses(Backoff(5, 2), 3) == [2, 2, 2]


def test_pauses_stay_finite_however_often_something_fails():
    backoff = Backoff(0.1, 5)
    assert next(itertools.islice(iter(backoff.pause_seconds, None), 5000, None)) == 5


def test_a_success_begins_with_the_first_pause_again():
    backoff = Backoff(1, 60)
    pauses(backoff, 4)
    backoff.reset()
    assert pauses(backoff, 2) == [1, 2]


@pytest.mark.parametrize(("chance", "expected"), [(0, [4, 8]), (0.5, [3, 6]), (1, [2, 4])])
def test_chance_shortens_a_pause_but_not_the_growth(chance, expected):
    assert pauses(Backoff(4, 60, jitter=0.5, chance=lambda: chance), 2) == expected
