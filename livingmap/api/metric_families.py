"""Families of metrics: as Prometheus names and reads them."""

from collections.abc import Iterable
from typing import Final, TypeAlias, TypeVar

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from livingmap.core.histogram import Histogram

PREFIX: Final = "livingmap_"

T = TypeVar("T")
Labelled: TypeAlias = Iterable[tuple[tuple[str, ...], T]]
"""Values, each under those of the labels; without labels there is one, under the empty tuple."""


def gauge(name: str, text: str, value: float) -> Metric:
    """Return a number that grows and shrinks."""
    return GaugeMetricFamily(PREFIX + name, text, value=value)


def counter(name: str, text: str, value: float) -> Metric:
    """Return a number that only grows; its name is given without the ``_total`` that it ends with."""
    return CounterMetricFamily(PREFIX + name, text, value=value)


def gauges(name: str, text: str, labels: Iterable[str], values: Labelled[float]) -> Metric:
    """Return such numbers by the values of labels."""
    family = GaugeMetricFamily(PREFIX + name, text, labels=list(labels))
    for labelled, value in values:
        family.add_metric(labelled, value)
    return family


def counters(name: str, text: str, labels: Iterable[str], values: Labelled[float]) -> Metric:
    """Return numbers that only grow by the values of labels."""
    family = CounterMetricFamily(PREFIX + name, text, labels=list(labels))
    for labelled, value in values:
        family.add_metric(labelled, value)
    return family


def histograms(name: str, text: str, labels: Iterable[str], values: Labelled[Histogram]) -> Metric:
    """Return histograms by the values of labels."""
    family = HistogramMetricFamily(PREFIX + name, text, labels=list(labels))
    for labelled, histogram in values:
        bounds = [*map(str, map(float, histogram.bounds)), "+Inf"]
        buckets = list(zip(bounds, map(float, histogram.buckets()), strict=True))
        family.add_metric(labelled, buckets, histogram.sum)
    return family
