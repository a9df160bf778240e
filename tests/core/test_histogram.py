"""Histograms count values up to each bound, that bound included."""

from itertools import pairwise

from livingmap.core.histogram import QUICK, SLOW, Histogram


def test_values_are_counted_up_to_each_bound():
    histogram = Histogram((0.1, 1.0))
    for value in (0.05, 0.1, 0.5, 7.0):
        histogram.observe(value)
    assert (histogram.buckets(), histogram.count, histogram.sum) == ([2, 3, 4], 4, 7.65)


def test_bounds_grow():
    for bounds in (QUICK, SLOW):
        assert all(lower < upper for lower, upper in pairwise(bounds))
