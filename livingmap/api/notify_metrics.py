"""Metrics of notifications."""

from collections.abc import Iterator

from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from livingmap.api.metric_families import counters
from livingmap.problems.notifier import Notifier


class NotifyMetrics(Collector):
    """Collects them when they are asked for."""

    def __init__(self, notifier: Notifier) -> None:
        self._notifier = notifier

    def collect(self) -> Iterator[Metric]:
        """Yield every metric as it stands."""
        outcomes = [(("sent",), self._notifier.sent), (("failed",), self._notifier.failed)]
        yield counters("notifications", "Messages about problems, by what came of it", ["outcome"], outcomes)
