"""Metrics of traffic: requests, streams, and what is asked about callers."""

from collections.abc import Iterator

from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from livingmap.access.access import Access
from livingmap.api.metric_families import counter, counters, gauge, gauges, histograms
from livingmap.api.requests import Requests
from livingmap.stream.hub import Hub
from livingmap.stream.problem_feed import ProblemFeed


class TrafficMetrics(Collector):
    """Collects them when they are asked for."""

    def __init__(self, hub: Hub, feed: ProblemFeed, requests: Requests, access: Access) -> None:
        self._hub = hub
        self._feed = feed
        self._requests = requests
        self._access = access

    def collect(self) -> Iterator[Metric]:
        """Yield every metric as it stands."""
        yield from self._of_streams()
        yield from self._of_requests()
        yield from self._of_access()

    def _of_streams(self) -> Iterator[Metric]:
        hub = self._hub
        yield counter("events", "Events of the log that were folded", hub.taken)
        viewers = [(("map",), hub.viewers), (("problems",), self._feed.viewers)]
        yield gauges("viewers", "Clients that watch a feed of the stream", ["feed"], viewers)
        yield gauge(
            "viewers_behind",
            "Of those of the map, clients that read too slowly and get merged changes",
            hub.behind,
        )
        yield counter("streams_opened", "Streams that were opened, over WebSocket and otherwise", hub.joined)
        snapshots = (((str(reason),), number) for reason, number in sorted(hub.snapshots.items()))
        yield counters("stream_snapshots", "Snapshots that were sent on streams", ["reason"], snapshots)
        yield counter("stream_conflations", "How often a viewer that was behind caught up", hub.conflations)

    def _of_requests(self) -> Iterator[Metric]:
        labels, answered = ("method", "path", "status"), sorted(self._requests.answered().items())
        yield counters("http_requests", "Requests that were answered", labels, answered)
        text = "How long it took until the answer began; not of snapshots that were ready"
        durations = (((path,), seconds) for path, seconds in sorted(self._requests.seconds.items()))
        yield histograms("http_request_duration_seconds", text, ["path"], durations)

    def _of_access(self) -> Iterator[Metric]:
        counts = self._access.counts
        if counts is None:
            return
        for name, text, outcomes in (
            ("auth_checks", "Credentials that had to be checked, by what came of it", counts.credentials),
            ("policy_decisions", "Questions to the policy engine, by what came of it", counts.decisions),
        ):
            yield counters(name, text, ["outcome"], (((outcome,), number) for outcome, number in outcomes.items()))
