"""Prometheus: the targets that it scrapes, by job, the alerts that fire, and numbers that it is asked for.

Everything is read through its HTTP API v1, which Thanos, Mimir and VictoriaMetrics have as well.
"""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from livingmap.plugin import Layer, PlainName, Source, SourceSettings, hookimpl
from livingmap_prometheus.description import with_queries
from livingmap_prometheus.fetch import LAYER, fetch_alerts, fetch_jobs, fetch_targets, target_details
from livingmap_prometheus.sections import QuerySection
from livingmap_prometheus.types import ALERT, JOB, TARGET


class PrometheusSettings(SourceSettings):
    """Section ``sources.prometheus``."""

    base_url: str = "http://prometheus:9090"
    """Address of Prometheus."""
    queries: Annotated[dict[PlainName, QuerySection], Field(default={})]
    """By field, a query whose numbers are shown, of jobs, of targets, of items of others, or of the network."""


@hookimpl
def livingmap_source() -> Source:
    """Describe the source."""
    return Source(
        name="prometheus",
        service="prometheus",
        settings=PrometheusSettings,
        layers=(
            Layer(
                LAYER,
                "alerts",
                fetch=fetch_alerts,
                references=("target_id", "job_id"),
                title={"en": "Monitoring", "uk": "Моніторинг"},
                hint={
                    "en": "What is scraped, and what is wrong with it",
                    "uk": "Що опитується та що з цим негаразд",
                },
                icon="M3 12h4l3-8 4 16 3-8h4",
            ),
            Layer(LAYER, "jobs", fetch=fetch_jobs),
            Layer(LAYER, "targets", fetch=fetch_targets, references=("job_id",)),
        ),
        details={"target": target_details},
        types=(ALERT, JOB, TARGET),
        samples=Path(__file__).with_name("samples"),
        configured=with_queries,
    )
