"""Metrics of sources, and of the transports that bring their messages."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from livingmap.api.metric_families import counters, gauges, histograms
from livingmap.core.freshness import Freshness, SourceHealth
from livingmap.state.reader import MapReader
from livingmap.transport import Intake, IntakeStatus

_GOOD: Final = (Freshness.FRESH, Freshness.MOCK)
_BY_SOURCE: Final = ("source",)


class SourceMetrics(Collector):
    """Collects them when they are asked for."""

    def __init__(self, reader: MapReader, intakes: Sequence[Intake]) -> None:
        self._reader = reader
        self._intakes = intakes

    def collect(self) -> Iterator[Metric]:
        """Yield every metric as it stands."""
        states = [one for one in self._reader.states if one.status is not Freshness.DISABLED]
        yield from _of_polls(states, self._reader.now())
        yield from _of_events(states)
        yield from _of_intakes([intake.status for intake in self._intakes])


def _of_polls(states: Sequence[SourceHealth], now: datetime) -> Iterator[Metric]:
    good = (((one.name,), one.status_at(now) in _GOOD) for one in states)
    yield gauges("source_up", "Whether the last poll got everything: 1 or 0", _BY_SOURCE, good)
    ages = (((one.name,), age) for one in states if (age := one.age_seconds(now)) is not None)
    yield gauges("source_age_seconds", "Since the last poll that got everything began", _BY_SOURCE, ages)
    failures = (((one.name,), one.failures) for one in states)
    yield gauges("source_failures", "Polls in a row that missed something", _BY_SOURCE, failures)
    yield counters("source_polls", "Polls", _BY_SOURCE, (((one.name,), one.polls) for one in states))
    durations = (((one.name,), one.poll_seconds) for one in states)
    yield histograms("poll_duration_seconds", "How long polls of this process took", _BY_SOURCE, durations)
    text = "Items that polls found otherwise than events had left them"
    drift = (((one.name, kind), number) for one in states for kind, number in (one.drift or {}).items())
    yield counters("source_drift", text, ("source", "kind"), drift)


def _of_events(states: Sequence[SourceHealth]) -> Iterator[Metric]:
    events = (((one.name,), one.events) for one in states)
    yield counters("source_events", "Events that concerned the source", _BY_SOURCE, events)
    faults = (((one.name,), one.faults) for one in states)
    yield counters("source_faults", "Events that its handlers could not fold", _BY_SOURCE, faults)
    overruns = (((one.name,), one.overruns) for one in states)
    yield counters("source_overruns", "How often its plugin held on for too long", _BY_SOURCE, overruns)
    held = (((one.name,), one.held_seconds) for one in states)
    yield counters("source_held_seconds", "For how long, in all", _BY_SOURCE, held)
    aside = (((one.name,), len(one.set_aside)) for one in states)
    yield gauges("source_set_aside", "Its handlers that get no messages for now", _BY_SOURCE, aside)


def _of_intakes(intakes: Sequence[IntakeStatus]) -> Iterator[Metric]:
    texts = {
        "connected": "Whether the transport is connected: 1 or 0",
        "waiting": "Messages that came and are not logged yet",
        "received": "Messages that came",
        "logged": "Messages that became events",
        "dropped": "Messages given up because too many waited",
        "dead": "Messages set aside because they cannot be events",
        "missed": "Messages that were published and that the stream does not have",
        "reconnects": "Connections after the first",
        "oversized": "Entries of the map's own that are larger than the server takes",
    }
    for name, text in texts.items():
        values = [((one.name,), one.dead.count if name == "dead" else getattr(one, name)) for one in intakes]
        family = gauges if name in ("connected", "waiting") else counters
        yield family(f"intake_{name}", text, ["intake"], values)
