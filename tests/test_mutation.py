"""The share of mutants that tests kill, as a random sample of them tells of it."""

import pytest

from scripts.mutation.share import interval


@pytest.mark.parametrize(
    ("hits", "tried", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_the_interval_of_a_share_is_the_published_one(hits, tried, low, high):
    """Newcombe, Two-sided confidence intervals for the single proportion, Statistics in Medicine 17 (1998)."""
    assert interval(hits, tried) == pytest.approx((low, high), abs=0.00005)
