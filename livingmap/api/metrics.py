"""``/metrics``: the map's metrics for Prometheus, collected from where they are kept anyway on every request."""

from collections.abc import Callable, Iterator, Sequence
from http import HTTPStatus
from typing import Final

from fastapi import APIRouter, Depends, Response
from prometheus_client import CollectorRegistry, GCCollector, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from livingmap import __version__
from livingmap.api.dependencies import REFUSALS, AuthDependencies
from livingmap.api.problems import documented
from livingmap.config.reloading import Reloading
from livingmap.core.freshness import Freshness
from livingmap.history.writer import HistoryWriter
from livingmap.state.reader import MapReader
from livingmap.stream.hub import Hub
from livingmap.transport import Intake, IntakeStatus

PREFIX: Final = "livingmap_"
_GOOD: Final = (Freshness.FRESH, Freshness.MOCK)


class Numbers(Collector):
    """Collects what an operator has to know."""

    def __init__(
        self,
        reader: MapReader,
        hub: Hub,
        writer: HistoryWriter,
        intakes: Sequence[Intake],
        reloading: Reloading,
        lines_dropped: Callable[[], int],
        clock_steps: Callable[[], int],
    ) -> None:
        self._reader = reader
        self._hub = hub
        self._writer = writer
        self._intakes = intakes
        self._reloading = reloading
        self._lines_dropped = lines_dropped
        self._clock_steps = clock_steps

    def collect(self) -> Iterator[Metric]:
        """Yield every metric as it stands."""
        yield from self._map()
        yield from self._stream()
        yield from self._history()
        yield from self._sources()
        dropped = "Lines of the program's log that could not be written"
        yield _counter("log_lines_dropped", dropped, self._lines_dropped())
        refused = "Whether a newer configuration was read and is not used: 1 or 0"
        yield _gauge("configuration_refused", refused, self._reloading.is_refused)
        yield _counter("clock_steps", "How often the clock of the machine was set", self._clock_steps())
        yield from _of_intakes([intake.status for intake in self._intakes])

    def _map(self) -> Iterator[Metric]:
        reader = self._reader
        info = GaugeMetricFamily(f"{PREFIX}info", "The version that runs; always 1", labels=["version"])
        info.add_metric([__version__], 1)
        yield info
        progress = reader.progress
        live = progress.is_live and not progress.is_detached(reader.now())
        yield _gauge("attached", "Whether the map follows the log: 1 or 0", live)
        yield _gauge(
            "on_its_own", "Whether the log is away and the process polls for itself", progress.is_on_its_own
        )
        yield _gauge("lag", "Entries of the log that are known of and not read yet", progress.lag)
        yield _counter(
            "new_epochs", "How often the stream was made anew, and the log with it", progress.new_epochs
        )
        if (seconds := reader.last_fold_age_seconds()) is not None:
            yield _gauge("last_fold_age_seconds", "How old the last entry that was folded is", seconds)
        yield _gauge("position", "The position in the log of the last event", reader.position.seq)
        items = GaugeMetricFamily(f"{PREFIX}items", "Items on the map", labels=["layer"])
        for layer, collections in reader.scene.layers().items():
            items.add_metric([layer], sum(len(reader.scene.items(layer, one)) for one in collections))
        yield items
        yield _gauge("id_collisions", "Ids that several entities claim", len(reader.scene.collisions()))

    def _stream(self) -> Iterator[Metric]:
        hub = self._hub
        yield _counter("events", "Events of the log that were folded", hub.taken)
        yield _gauge("viewers", "Clients that watch the stream", hub.viewers)
        yield _gauge("viewers_behind", "Of those, clients that read too slowly and get merged changes", hub.behind)

    def _history(self) -> Iterator[Metric]:
        writer = self._writer
        yield _gauge("history_waiting", "Entries that wait to be written into the history", writer.buffered)
        yield _gauge(
            "history_behind", "Positions before those that are still to be written from the stream", writer.behind
        )
        yield _counter("history_written", "Entries that were written", writer.written)
        yield _counter("history_lost", "Entries that had to make room while the database was away", writer.lost)
        yield _gauge("history_failing", "Whether the history cannot be written: 1 or 0", writer.error is not None)
        not_pruned = writer.retention_error is not None
        yield _gauge("history_not_pruned", "Whether nothing old is deleted from the history: 1 or 0", not_pruned)

    def _sources(self) -> Iterator[Metric]:
        good = _by_source(GaugeMetricFamily, "source_up", "Whether the last poll got everything: 1 or 0")
        age = _by_source(GaugeMetricFamily, "source_age_seconds", "Since the last poll that got everything began")
        failures = _by_source(GaugeMetricFamily, "source_failures", "Polls in a row that missed something")
        polls = _by_source(CounterMetricFamily, "source_polls", "Polls")
        events = _by_source(CounterMetricFamily, "source_events", "Events that concerned the source")
        faults = _by_source(CounterMetricFamily, "source_faults", "Events that its handlers could not fold")
        overruns = _by_source(CounterMetricFamily, "source_overruns", "How often its plugin held on for too long")
        held = _by_source(CounterMetricFamily, "source_held_seconds", "For how long, in all")
        aside = _by_source(GaugeMetricFamily, "source_set_aside", "Its handlers that get no messages for now")
        text = "Items that polls found otherwise than events had left them"
        drift = CounterMetricFamily(f"{PREFIX}source_drift", text, labels=["source", "kind"])
        now = self._reader.now()
        for state in self._reader.states:
            if state.status is Freshness.DISABLED:
                continue
            name = [state.name]
            good.add_metric(name, state.status_at(now) in _GOOD)
            if (seconds := state.age_seconds(now)) is not None:
                age.add_metric(name, seconds)
            failures.add_metric(name, state.failures)
            polls.add_metric(name, state.polls)
            events.add_metric(name, state.events)
            faults.add_metric(name, state.faults)
            overruns.add_metric(name, state.overruns)
            held.add_metric(name, state.held_seconds)
            aside.add_metric(name, len(state.set_aside))
            for kind, number in (state.drift or {}).items():
                drift.add_metric([state.name, kind], number)
        yield from (good, age, failures, polls, events, faults, overruns, held, aside, drift)


def _of_intakes(intakes: Sequence[IntakeStatus]) -> Iterator[Metric]:
    gauges = {
        "connected": "Whether the transport is connected: 1 or 0",
        "waiting": "Messages that came and are not logged yet",
    }
    counters = {
        "received": "Messages that came",
        "logged": "Messages that became events",
        "dropped": "Messages given up because too many waited",
        "dead": "Messages set aside because they cannot be events",
        "missed": "Messages that were published and that the stream does not have",
        "reconnects": "Connections after the first",
        "oversized": "Entries of the map's own that are larger than the server takes",
    }
    for names, family in ((gauges, GaugeMetricFamily), (counters, CounterMetricFamily)):
        for name, text in names.items():
            metric = family(f"{PREFIX}intake_{name}", text, labels=["intake"])
            for one in intakes:
                metric.add_metric([one.name], one.dead.count if name == "dead" else getattr(one, name))
            yield metric


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(PREFIX + name, text, value=value)


def _counter(name: str, text: str, value: float) -> Metric:
    return CounterMetricFamily(PREFIX + name, text, value=value)


def _by_source(
    family: type[GaugeMetricFamily] | type[CounterMetricFamily], name: str, text: str
) -> GaugeMetricFamily | CounterMetricFamily:
    return family(PREFIX + name, text, labels=["source"])


def routes(numbers: Numbers, auth: AuthDependencies) -> APIRouter:
    """Return the endpoint, for callers that may see the health of services."""
    router, registry = APIRouter(tags=["operations"]), CollectorRegistry()
    registry.register(numbers)
    ProcessCollector(registry=registry)
    GCCollector(registry=registry)

    @router.get(
        "/metrics",
        summary="Metrics",
        response_class=Response,
        dependencies=[Depends(auth.reports)],
        responses={
            int(HTTPStatus.OK): {"description": "The metrics", "content": {"text/plain": {}}},
            **documented(*REFUSALS),
        },
    )
    async def metrics() -> Response:
        """Return every metric in the text format of Prometheus."""
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    return router
