"""space-service (:7002): DAO planets, the nodes that orbit them, their loads and alerts.

The specification's ``/api/space/scene`` is missing in the service as it runs; planets, nodes and events have a
path each. No other service has the loads of nodes; between two polls ``node.metrics.*`` keeps them up to date.
"""

from pathlib import Path

from livingmap.plugin import Layer, Source, SourceSettings, hookimpl, sentences_in
from livingmap_space.events import on_node_metrics, on_space_event
from livingmap_space.fetch import fetch_nodes, fetch_orbiting, fetch_planets
from livingmap_space.rows import NO_METRICS
from livingmap_space.types import DAO, NODE, SPACE


class SpaceSettings(SourceSettings):
    """Section ``sources.space``."""

    base_url: str = "http://space-service:7002"
    """Address of space-service."""


@hookimpl
def livingmap_source() -> Source:
    """Describe the source."""
    return Source(
        name="space",
        service="space-service",
        settings=SpaceSettings,
        layers=(
            Layer(
                "space",
                "planets",
                fetch=fetch_planets,
                references=("orbits",),
                defaults={"orbits": [], "status": "unknown"},
                title={"en": "Space", "uk": "Космос"},
                hint={
                    "en": "DAOs as planets, with their nodes in orbit",
                    "uk": "ДАО як планети з нодами на орбітах",
                },
                icon=SPACE.icon,
                standing={},
            ),
            Layer("space", "nodes", fetch=fetch_orbiting, copies={"status": ("nodes", "items")}, standing={}),
            Layer(
                "nodes",
                fetch=fetch_nodes,
                references=("microdao_id",),
                defaults={"status": "unknown", "metrics": NO_METRICS},
                title={"en": "Nodes", "uk": "Ноди"},
                hint={
                    "en": "Machines: how loaded they are, and what is wrong with them",
                    "uk": "Машини: наскільки завантажені та що з ними не так",
                },
                standing={},
            ),
        ),
        handlers={
            "node.metrics.*": on_node_metrics,
            "node.alerts.*": on_space_event,
            "events.space.*": on_space_event,
        },
        sentences=sentences_in(Path(__file__).with_name("sentences.yaml")),
        samples=Path(__file__).with_name("samples"),
        types=(
            NODE,
            DAO,
            SPACE,
        ),
    )
