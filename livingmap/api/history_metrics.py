"""Metrics of the history: what waits, what was written, lost and deleted, and how long writing takes."""

from collections.abc import Iterator
from datetime import UTC, datetime, time

from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from livingmap.api.metric_families import counter, gauge, histograms
from livingmap.history.forecast import DiskForecast
from livingmap.history.pruning import Pruner
from livingmap.history.writer import HistoryWriter


class HistoryMetrics(Collector):
    """Collects them when they are asked for."""

    def __init__(self, writer: HistoryWriter, pruner: Pruner, forecast: DiskForecast) -> None:
        self._writer = writer
        self._pruner = pruner
        self._forecast = forecast

    def collect(self) -> Iterator[Metric]:
        """Yield every metric as it stands."""
        writer = self._writer
        yield gauge("history_waiting", "Entries that wait to be written into the history", writer.buffered)
        behind = "Positions before those that are still to be written from the stream"
        yield gauge("history_behind", behind, writer.behind)
        yield counter("history_written", "Entries that were written", writer.written)
        yield counter("history_lost", "Entries that had to make room while the database was away", writer.lost)
        yield gauge("history_failing", "Whether the history cannot be written: 1 or 0", writer.error is not None)
        writing = "How long it took to write a batch of entries"
        yield histograms("history_write_duration_seconds", writing, (), [((), writer.write_seconds)])
        not_pruned = writer.retention_error is not None
        yield gauge("history_not_pruned", "Whether nothing old is deleted from the history: 1 or 0", not_pruned)
        moving = "About how many entries of an earlier version are still to be moved"
        yield gauge("history_to_move", moving, writer.to_move or 0)
        yield counter("history_pruned", "Entries that this process has deleted as too old", self._pruner.deleted)
        yield from self._of_disk()

    def _of_disk(self) -> Iterator[Metric]:
        holdings, days_left = self._forecast.holdings, self._forecast.days_left()
        if holdings is None:
            return
        yield gauge("history_bytes", "What the database of the history takes", holdings.bytes)
        yield gauge("history_partitions", "Days of which the history has entries, each a partition", holdings.days)
        if holdings.oldest_day is not None:
            oldest = datetime.combine(holdings.oldest_day, time(tzinfo=UTC)).timestamp()
            yield gauge("history_oldest_day_timestamp_seconds", "When the oldest of these days began", oldest)
        if holdings.free_bytes is not None:
            yield gauge("history_free_bytes", "What is left of the disk for the database", holdings.free_bytes)
        if days_left is not None:
            yield gauge(
                "history_full_in_seconds", "When the disk will be full at the present rate", days_left * 86_400
            )
