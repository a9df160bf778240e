"""Metrics of the map itself: how it follows its log, what is on it, who leads, and what is wrong."""

from collections.abc import Callable, Iterator

from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from livingmap import __version__
from livingmap.api.metric_families import counter, gauge, gauges, histograms
from livingmap.cluster import Cluster
from livingmap.config.reloading import Reloading
from livingmap.problems.open_problems import OpenProblems
from livingmap.state.projector import Projector
from livingmap.state.reader import MapReader


class MapMetrics(Collector):
    """Collects them when they are asked for."""

    def __init__(
        self,
        reader: MapReader,
        projector: Projector,
        cluster: Cluster,
        problems: OpenProblems,
        reloading: Reloading,
        lines_dropped: Callable[[], int],
        clock_steps: Callable[[], int],
    ) -> None:
        self._reader = reader
        self._projector = projector
        self._cluster = cluster
        self._problems = problems
        self._reloading = reloading
        self._lines_dropped = lines_dropped
        self._clock_steps = clock_steps

    def collect(self) -> Iterator[Metric]:
        """Yield every metric as it stands."""
        yield gauges("info", "The version that runs; always 1", ["version"], [((__version__,), 1)])
        yield from self._of_log()
        yield from self._of_scene()
        yield from self._of_cluster()
        open_now, labels = sorted(self._problems.counts().items()), ("code", "severity", "source", "state")
        yield gauges("problems", "Problems that are open as far as this process knows", labels, open_now)
        dropped = "Lines of the program's log that could not be written"
        yield counter("log_lines_dropped", dropped, self._lines_dropped())
        refused = "Whether a newer configuration was read and is not used: 1 or 0"
        yield gauge("configuration_refused", refused, self._reloading.is_refused)
        yield counter("clock_steps", "How often the clock of the machine was set", self._clock_steps())

    def _of_log(self) -> Iterator[Metric]:
        reader, progress = self._reader, self._reader.progress
        live = progress.is_live and not progress.is_detached(reader.now())
        yield gauge("attached", "Whether the map follows the log: 1 or 0", live)
        on_its_own = "Whether the log is away and the process polls for itself"
        yield gauge("on_its_own", on_its_own, progress.is_on_its_own)
        yield gauge("lag", "Entries of the log that are known of and not read yet", progress.lag)
        anew = "How often the stream was made anew, and the log with it"
        yield counter("new_epochs", anew, progress.new_epochs)
        if (seconds := reader.last_fold_age_seconds()) is not None:
            yield gauge("last_fold_age_seconds", "How old the last entry that was folded is", seconds)
        yield gauge("position", "The position in the log of the last event", reader.position.seq)
        folding = "How long it took to fold an entry into the scene"
        yield histograms("fold_duration_seconds", folding, (), [((), self._projector.fold_seconds)])
        failures = "Entries that could not be folded or passed on: faults of the program"
        yield counter("fold_failures", failures, self._projector.failures)

    def _of_scene(self) -> Iterator[Metric]:
        scene = self._reader.scene
        items = (
            ((layer,), sum(len(scene.items(layer, one)) for one in collections))
            for layer, collections in scene.layers().items()
        )
        yield gauges("items", "Items on the map", ["layer"], items)
        yield gauge("id_collisions", "Ids that several entities claim", len(scene.collisions()))

    def _of_cluster(self) -> Iterator[Metric]:
        cluster = self._cluster
        yield gauge("shared_log", "Whether several processes can share the log: 1 or 0", cluster.is_shared)
        yield gauge("leader", "Whether this process leads: 1 or 0", cluster.leads)
        yield gauge("leader_term", "The term in which this process leads, or led last", cluster.term())
        yield gauge("peers", "Other processes of the map of which this one knows", len(cluster.peers()))
